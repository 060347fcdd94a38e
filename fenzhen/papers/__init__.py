"""Documents: what the board knows, as Word and Excel. A paper is written once and set twice."""
