"""What a training script imports to record a run, and the format of the log."""
