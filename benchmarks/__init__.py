"""Package benchmarks of DeepTracker."""
