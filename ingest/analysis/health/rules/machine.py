"""What the rules about the machine share: its scalars on the snapshots of the run."""

import re
from typing import NamedTuple

import numpy as np

from ingest.analysis.health.example import SNAPSHOTS, healthy
from ingest.analysis.health.history import Floats, History, Logged, mean_between

PREFIX = "machine/"
_NAME = re.compile(rf"{PREFIX}(?:rank(\d+)/)?(.+)")
_JUDGED = re.compile(
    r"loading_percent|cpu_percent|gpu\d+_percent|(process|gpu\d+)_memory_gb"
    r"|until_backward_ms|iterations_per_second"
)
# So many snapshots with values, before anything is said of the machine.
LEAST = 10


# Their findings were there before there were several: what was said of them by people stays.
_FIRST = frozenset(
    PREFIX + name
    for name in ("gpu0_percent", "gpu0_memory_gb", "process_memory_gb", "loading_percent")
)


class Read(NamedTuple):
    """A scalar of the machine: what it is of, and of which rank of a distributed training."""

    name: str
    rank: int
    quantity: str

    @property
    def part(self) -> str:
        """Return what tells its finding from that of another rank or device; "" of the first."""
        return "" if self.name in _FIRST else self.name.removeprefix(PREFIX)

    @property
    def of_rank(self) -> str:
        """Return whose it is, in words; "" for the rank that records."""
        return f" of rank {self.rank}" if self.rank else ""


def read_name(name: str) -> Read | None:
    """Return what a scalar is of; None: not the machine."""
    match = _NAME.fullmatch(name)
    return None if match is None else Read(name, int(match[1] or 0), match[2])


def is_judged(name: str) -> bool:
    """Return whether a rule, or a cause, looks at a scalar of this name."""
    read = read_name(name)
    return read is not None and _JUDGED.fullmatch(read.quantity) is not None


def quantities(history: History, pattern: str) -> list[Read]:
    """Return the scalars of the machine whose quantity is as the pattern, by rank and name."""
    read = filter(None, map(read_name, history.logged))
    found = [one for one in read if re.fullmatch(pattern, one.quantity)]
    return sorted(found, key=lambda one: (one.rank, one.quantity))


def on_snapshots(history: History, name: str) -> Floats:
    """Return the mean of a scalar since the snapshot before, f8 [T]; NaN: none."""
    logged = history.logged.get(name)
    if logged is None:
        return np.full(history.snapshots, np.nan)
    return mean_between(logged, history.iteration)


def example(name: str, values: Floats, **more: Floats) -> History:
    """Return a healthy run on a machine of which one scalar is `values` [SNAPSHOTS].

    `more`: further ones by name.
    """
    run = healthy()
    machine = {name: values, **more}
    assert all(len(one) == SNAPSHOTS for one in machine.values())
    logged = {PREFIX + name: Logged(run.iteration, one) for name, one in machine.items()}
    return healthy(logged={**run.logged, **logged})
