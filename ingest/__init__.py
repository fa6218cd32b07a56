"""Package ingest of DeepTracker."""
