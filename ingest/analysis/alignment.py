"""Several runs on one axis: by iteration, by epoch, or by the time since each began.

An axis is a rising list of ticks, whole numbers; each run has at a tick its last snapshot at or
before it, never a later one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENTS = ("iteration", "epoch", "clock")
# Ticks are whole numbers: so many of them are one iteration, one epoch, one second.
TICKS = MappingProxyType({"iteration": 1, "epoch": 1_000, "clock": 100})
MOST_TICKS = 4_096
MOST_TICK = 2**31 - 2
# Snapshots lie evenly where no gap is so many times the usual one.
EVEN = 1.5
NONE = -1

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Timeline:
    """When the snapshots of a run were.

    `iteration` i4 [T], rising; `epoch` f8 [T] and `recorded_at` f8 [T] (seconds), NaN where not
    recorded; `began`, seconds on the same clock, is when the run began.
    """

    iteration: NDArray[np.int32]
    epoch: NDArray[np.float64]
    recorded_at: NDArray[np.float64]
    began: float

    def coordinates(self, alignment: str) -> NDArray[np.float64] | None:
        """Return where the snapshots stand, f8 [T] in ticks; None where that is not known.

        By clock it is the time since the run began, which never runs backwards: where a run was
        resumed, or a clock was set back, time stands still. ValueError for another alignment.
        """
        if alignment not in ALIGNMENTS:
            raise ValueError(f"{alignment!r} is not one of {', '.join(ALIGNMENTS)}")
        if alignment == "iteration":
            return self.iteration.astype(np.float64)
        values = self.epoch
        if alignment == "clock":
            first = self.recorded_at[0] if len(self.recorded_at) else self.began
            values = self.recorded_at - np.fmin(self.began, first)
        if not np.isfinite(values).all():
            return None
        return np.maximum.accumulate(values * TICKS[alignment]) if len(values) else values

    def place(self, iterations: NDArray[np.integer[Any]], alignment: str) -> Ints | None:
        """Return the ticks of rising iterations, i4 [n], by even steps between the snapshots.

        Every run begins at tick 0 with iteration 0; after the last snapshot the speed of the last
        step goes on. None where the snapshots' own places are not known.
        """
        known = self.coordinates(alignment)
        if known is None:
            return None
        if alignment == "iteration" or not len(known):
            # Of a million nothing is to be cut off, but for what a log of another tool may have.
            inside = not len(iterations) or (iterations[0] >= 0 and iterations[-1] <= MOST_TICK)
            found = iterations if inside else np.clip(iterations, 0, MOST_TICK)
            return found.astype(np.int32, copy=False)
        at = self.iteration.astype(np.float64)
        if at[0] > 0:
            at, known = np.append(0.0, at), np.append(0.0, known)
        found = np.interp(iterations, at, known)
        if len(at) > 1:
            pace = (known[-1] - known[-2]) / (at[-1] - at[-2])
            found += np.maximum(iterations - at[-1], 0) * pace
        return np.clip(np.rint(found), 0, MOST_TICK).astype(np.int32)


@dataclass(frozen=True)
class Alignment:
    """Runs on one axis.

    `ticks` i4 [K], rising. `columns` i4 [R, K]: the
    snapshot of each run that a tick shows, which is its last one at or before the tick; -1 before
    its first and after its last one. `places`: the tick of each snapshot of each run, i4 [T]; None
    for a run that cannot be aligned so. `all_ticks`: the number of different places of snapshots.
    """

    ticks: Ints
    columns: Ints
    places: tuple[Ints | None, ...]
    all_ticks: int


def align(timelines: Sequence[Timeline], alignment: str, *, most: int = MOST_TICKS) -> Alignment:
    """Put runs on one axis of at most `most` ticks.

    Where the snapshots of one run stand at all the places of the others', these are the ticks. Else
    the ticks are the snapshots of the run whose follow each other closest, going on evenly before
    and after it; and evenly all along where those of that run do not lie evenly.
    """
    places = []
    for timeline in timelines:
        known = timeline.coordinates(alignment)
        ticks = None if known is None else np.clip(np.rint(known), 0, MOST_TICK).astype(np.int32)
        places.append(ticks)
    known_places = [np.unique(ticks) for ticks in places if ticks is not None and len(ticks)]
    union = np.unique(np.concatenate(known_places)) if known_places else np.zeros(0, np.int32)
    kept = _ticks(union, known_places, most)
    columns = np.full((len(places), len(kept)), NONE, np.int32)
    for row, ticks in enumerate(places):
        if ticks is not None:
            columns[row] = columns_at(ticks, kept)
    return Alignment(kept, columns, tuple(places), len(union))


def _ticks(union: Ints, places: Sequence[Ints], most: int) -> Ints:
    if len(union) < 3 or (len(union) <= most and any(len(own) == len(union) for own in places)):
        return union
    first, last = int(union[0]), int(union[-1])
    several = [own for own in places if len(own) > 1]
    base = min(several, key=_usual_gap) if several else union
    step = max(1.0, _usual_gap(base)) if len(base) > 1 else 1.0
    if len(base) > 1 and np.diff(base).max() <= EVEN * step:
        before = np.arange(1, int((base[0] - first) // step) + 1)
        after = np.arange(1, int((last - base[-1]) // step) + 1)
        around = np.concatenate([base[0] - step * before, base, base[-1] + step * after])
        found = _whole(around, first, last)
        if len(found) <= most:
            return found
    step = max(step, (last - first) / (most - 1))
    return _whole(first + step * np.arange(int((last - first) / step) + 1), first, last)


def _whole(ticks: NDArray[np.floating[Any]], first: int, last: int) -> Ints:
    """Return whole ticks, each once, rising, between the ends and with them."""
    inside = np.rint(ticks[(ticks > first) & (ticks < last)])
    return np.unique(np.concatenate([[first], inside, [last]])).astype(np.int32)


def _usual_gap(places: Ints) -> float:
    return float(np.median(np.diff(places)))


def columns_at(places: Ints, ticks: Ints) -> Ints:
    """Return the last snapshot at or before each tick, i4 [K]; -1 outside first..last."""
    if not len(places):
        return np.full(len(ticks), NONE, np.int32)
    found = np.searchsorted(places, ticks, side="right") - 1
    return np.where(ticks > places[-1], NONE, found).astype(np.int32)


def at_columns(values: Floats, columns: Ints) -> Floats:
    """Return values [..., T] at columns [K] as [..., K], NaN where a column is -1."""
    if not values.shape[-1]:
        return np.full((*values.shape[:-1], len(columns)), np.nan, values.dtype)
    found = values[..., np.maximum(columns, 0)]
    found[..., columns < 0] = np.nan
    return found


def at_ticks(places: Ints, values: Floats, ticks: Ints) -> NDArray[np.float64]:
    """Return a logged series at each tick, f8 [K]: the mean of what came since the tick before.

    `places` [n] rises and need not be those of ticks. Where nothing came the last value stands on;
    NaN before the first and after the last value, and where any value since was NaN or infinite.
    """
    found = np.full(len(ticks), np.nan)
    if not len(places) or not len(ticks):
        return found
    ends = np.searchsorted(places, ticks, side="right")
    starts = np.append(0, ends[:-1])
    # What came before the first tick is summed up there, but only its last value belongs to it.
    starts[0] = max(0, ends[0] - 1)
    fresh = ends > starts
    found = values[np.maximum(ends - 1, 0)].astype(np.float64)
    # Each part reaches to the next tick that anything came before; NaN and infinities spread.
    upto, since = int(ends[-1]), starts[fresh]
    with np.errstate(invalid="ignore"):
        sums = np.add.reduceat(values[:upto], since, dtype=np.float64) if fresh.any() else 0.0
    found[fresh] = sums / (ends - starts)[fresh]
    found[(ends == 0) | (ticks > places[-1])] = np.nan
    found[~np.isfinite(found)] = np.nan
    return found
