"""The trade's own rules: true on paper, with no computer.

Nothing in this room knows a database, a web page or a text model. Every rule
takes what it needs as parameters, `now` included, and can be replayed.
"""
