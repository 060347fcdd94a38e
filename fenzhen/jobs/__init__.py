"""What the clock and the journal set going: two tables and the worker that reads them."""
