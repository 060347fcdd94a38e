"""Pages for people: a page asks the board, tells the desk, and draws."""
