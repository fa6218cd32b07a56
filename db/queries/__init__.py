"""Package db.queries of DeepTracker."""
