"""Loading into a real database, by real worker processes."""
