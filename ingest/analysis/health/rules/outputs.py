"""What the rules on the outputs of layers share."""

import numpy as np

from ingest.analysis.health.history import Floats, History


def zeros_of(history: History) -> Floats:
    """Return the share of zeros of each layer's output, f8 [L, T]; NaN for what is no share."""
    share = history.layer("activation", "zero_share")
    with np.errstate(invalid="ignore"):
        return np.where((share >= 0) & (share <= 1), share, np.nan)
