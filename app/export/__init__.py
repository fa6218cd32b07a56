"""What leaves the application: the full data of charts as CSV and Parquet, a run's report."""
