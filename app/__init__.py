"""Package app of DeepTracker."""
