"""Package ingest.sources of DeepTracker."""
