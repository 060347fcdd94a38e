"""What is kept: the only tables. One Django app, one file per word of the trade."""
