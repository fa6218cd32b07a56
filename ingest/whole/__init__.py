"""A whole run: what is said of it, and its Parquet files; `app` exports it, the lake keeps it."""
