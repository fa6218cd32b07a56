"""Marks of the machine that a training runs on: what it waited for, used, and kept, of late."""

import numpy as np

from ingest.analysis.causes.cause import Mark
from ingest.analysis.causes.event import Event
from ingest.analysis.health.rules.machine import LEAST, on_snapshots, quantities

# Shares of the time, in percent.
_WAITS, _FULL, _IDLE = 20.0, 85.0, 40.0
# How much more memory than at the third of the run is growth, in times and in GiB.
_MORE, _LEAST_GB = 1.1, 0.1
_RULES = frozenset({"waiting-for-data", "gpu-idle", "memory-grows", "slow-rank"})


def _levels(event: Event, pattern: str) -> list[tuple[float, float]]:
    """Return of each scalar its median around a third of the run, and over the last half."""
    found = []
    for one in quantities(event.history, pattern):
        values = on_snapshots(event.history, one.name)
        values = values[np.isfinite(values)]
        if (number := len(values)) >= LEAST:
            third = values[number // 3 : number // 3 + max(1, number // 8)]
            found.append((float(np.median(third)), float(np.median(values[number // 2 :]))))
    return found


def _late(event: Event, pattern: str) -> list[float]:
    return [late for _, late in _levels(event, pattern)]


def _waits(event: Event) -> bool | None:
    shares = _late(event, "loading_percent")
    return max(shares) >= _WAITS if shares else None


def _full(event: Event) -> bool | None:
    shares = _late(event, "cpu_percent")
    return max(shares) >= _FULL if shares else None


def _idle(event: Event) -> bool | None:
    shares = _late(event, r"gpu\d+_percent")
    return min(shares) < _IDLE if shares else None


def _grows(event: Event, pattern: str) -> bool | None:
    levels = _levels(event, pattern)
    if not levels:
        return None
    return any(now >= _MORE * before and now - before >= _LEAST_GB for before, now in levels)


def _one_late(event: Event) -> bool | None:
    ranks = len(quantities(event.history, "until_backward_ms"))
    return "slow-rank" in event.rules if ranks > 1 else None


def of_machine(event: Event) -> bool:
    """Say whether all that was found is of the machine, and nothing of the training."""
    return bool(event.rules) and event.rules <= _RULES


OF_MACHINE = (
    Mark(
        "waits-for-data",
        "the training waits for its data",
        "the training hardly waits for its data",
        "machine",
        _waits,
        usual=0.3,
    ),
    Mark(
        "processors-full",
        "all processors are busy",
        "the processors have time left",
        "machine",
        _full,
        usual=0.3,
    ),
    Mark(
        "gpu-has-time",
        "a GPU has nothing to do most of the time",
        "the GPUs are busy",
        "machine",
        _idle,
        usual=0.3,
    ),
    Mark(
        "process-grows",
        "the memory of the process grows",
        "the memory of the process stays as it is",
        "machine",
        lambda event: _grows(event, "process_memory_gb"),
        usual=0.3,
    ),
    Mark(
        "gpu-memory-grows",
        "the memory of a GPU grows",
        "the memory of the GPUs stays as it is",
        "machine",
        lambda event: _grows(event, r"gpu\d+_memory_gb"),
        usual=0.3,
    ),
    Mark(
        "one-rank-late",
        "one rank is later than the others",
        "all ranks are ready at the same time",
        "machine",
        _one_late,
        usual=0.3,
    ),
)
