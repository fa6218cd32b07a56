"""The table of runs: what people type to filter it, and one page of it in SQL."""
