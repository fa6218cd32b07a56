"""Package app.components of DeepTracker."""
