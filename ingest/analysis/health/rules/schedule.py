"""What a time is: the learning rate has just risen, or the training is in its first phase."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import robust
from ingest.analysis.health.history import History

# A rate so many times what it was is a rise: a warm-up, a restart, or a fault.
_RISE = 1.5
_FIRST_PHASE = 0.2
# So many times the highest rate so far, from one snapshot to the next and after the first ones, is
# a jump.
_JUMP, _WARM_UP = 2.5, 3


def rate_rises(history: History) -> NDArray[np.bool_]:
    """Return where the learning rate is rising or has just done so, [T].

    It is _RISE times its lowest over the window before: a warm-up or a restart. A rate far above
    every earlier one is no schedule, and not meant here.
    """
    rate = history.learning_rate
    lowest = np.full(len(rate), np.inf)
    known = np.where(np.isfinite(rate), rate, np.inf)
    for back in range(1, robust.window(history.snapshots) + 1):
        lowest[back:] = np.minimum(lowest[back:], known[:-back])
    with np.errstate(invalid="ignore"):
        jumps = np.zeros(len(rate), np.bool_)
        highest = np.maximum.accumulate(np.where(np.isfinite(rate), rate, 0.0))
        jumps[1:] = rate[1:] >= _JUMP * highest[:-1]
        jumped = np.flatnonzero(jumps & (np.arange(len(rate)) >= _WARM_UP))
        rises = (rate >= _RISE * lowest) & np.isfinite(lowest)
    for at in jumped:
        rises[at : at + robust.window(history.snapshots) + 1] = False
    return np.asarray(rises)


def settling(history: History) -> NDArray[np.bool_]:
    """Return which snapshots are of the first phase, in which all is learned at once, [T]."""
    return np.arange(history.snapshots) < _FIRST_PHASE * history.snapshots
