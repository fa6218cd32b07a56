"""A training that was not recorded becomes a log: its checkpoints, scalars and predictions."""
