"""Package db.models of DeepTracker."""
