"""Package db of DeepTracker."""
