"""What the rules about the machine share: its scalars on the snapshots of the run."""

import re

import numpy as np

from ingest.analysis.health.example import SNAPSHOTS, healthy
from ingest.analysis.health.history import Floats, History, Logged, mean_between

PREFIX = "machine/"
_JUDGED = re.compile(rf"{PREFIX}(loading_percent|gpu\d+_percent|(process|gpu\d+)_memory_gb)")
# So many snapshots with values, before anything is said of the machine.
LEAST = 10


def is_judged(name: str) -> bool:
    """Return whether a rule looks at a scalar of this name."""
    return _JUDGED.fullmatch(name) is not None


def on_snapshots(history: History, name: str) -> Floats:
    """Return the mean of a scalar of the machine since the snapshot before, f8 [T]; NaN: none."""
    logged = history.logged.get(PREFIX + name)
    if logged is None:
        return np.full(history.snapshots, np.nan)
    return mean_between(logged, history.iteration)


def example(name: str, values: Floats) -> History:
    """Return a healthy run on a machine of which one scalar is `values` [SNAPSHOTS]."""
    run = healthy()
    assert len(values) == SNAPSHOTS
    return healthy(logged={**run.logged, PREFIX + name: Logged(run.iteration, values)})
