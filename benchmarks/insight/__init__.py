"""The insight benchmark: does DeepTracker name what went wrong? See `__main__`."""
