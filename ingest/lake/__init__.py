"""The lake: the runs of the store as Parquet files in a folder or bucket, kept up to date.

PostgreSQL stays the truth: whatever is missing or stale there is written again.
"""
