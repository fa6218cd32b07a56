"""Package ingest.analysis of DeepTracker."""
