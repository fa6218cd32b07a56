"""What the rules on the training loss share."""

import numpy as np

from ingest.analysis.health.history import Floats, History

LOSS = "training loss"

# What counts: parts of the loss with which the training began.
LARGE_RISE, CLEAR_RISE, SMALL_RISE = 0.25, 0.05, 0.01


def first_loss(history: History) -> float:
    """Return the loss with which the training began: the largest of its first three; or NaN."""
    finite = history.train_loss[np.isfinite(history.train_loss)][:3]
    return float(finite.max()) if len(finite) else np.nan


def log_loss(history: History) -> Floats:
    """Return log10 of the training loss, f8 [T]; NaN where it is not above 0."""
    loss = history.train_loss
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.log10(np.where(loss > 0, loss, np.nan))
    return np.where(np.isfinite(found), found, np.nan)
