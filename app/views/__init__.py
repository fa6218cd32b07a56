"""Package app.views of DeepTracker."""
