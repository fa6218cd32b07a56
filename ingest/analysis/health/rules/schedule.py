"""What a time is: the learning rate has just risen, or the training is in its first phase."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import robust
from ingest.analysis.health.history import History

# A rate so many times what it was is a rise: a warm-up, a restart, or a fault.
_RISE = 1.5
_FIRST_PHASE = 0.2
# Every training image was seen twice.
_FIRST_EPOCHS = 2.0
# So many times the highest rate so far, from one snapshot to the next and after the first ones, is
# a jump.
_JUMP, _WARM_UP = 2.5, 3


def rate_rises(history: History) -> NDArray[np.bool_]:
    """Return where the learning rate is rising or has just done so, [T].

    It is _RISE times its lowest over two windows before: a warm-up or a restart. A rate far above
    every earlier one is no schedule, and not meant here.
    """
    rate = history.learning_rate
    lowest = np.full(len(rate), np.inf)
    known = np.where(np.isfinite(rate), rate, np.inf)
    for back in range(1, 2 * robust.window(history.snapshots) + 1):
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


def begins(history: History) -> bool:
    """Return whether a recording run has hardly begun: its first epochs, or a warm-up of the rate.

    No verdict on how a training goes can be final there. False where neither is known.
    """
    if not history.recording:
        return False
    young = history.epoch is not None and bool(history.epoch[-1] < _FIRST_EPOCHS)
    return young or bool(rate_rises(history)[-1])


def passes(history: History, last: int, first: int) -> bool:
    """Return whether what lasts from `first` to `last` is over, or too young to say that it stays.

    While a run records, a swing that a schedule or the first phase explains is not told to be worse
    before it has outlasted the window that such swings take.
    """
    over = last < history.snapshots - 1
    return over or (history.recording and last - first < robust.window(history.snapshots))


def settling(history: History) -> NDArray[np.bool_]:
    """Return which snapshots are of the first phase, in which all is learned at once, [T]."""
    return np.arange(history.snapshots) < _FIRST_PHASE * history.snapshots
