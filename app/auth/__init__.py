"""Package app.auth of DeepTracker."""
