"""What was collected of a run as its course: series on one axis, cut into snapshots of scalars."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.conversion.clock import UNPLACED, by_iteration
from deeptracker.conversion.collected import Collected
from deeptracker.conversion.error_series import add_errors
from deeptracker.conversion.predictions import Predictions
from deeptracker.conversion.tag_layers import UNKNOWN, TagLayers, tag_layers
from deeptracker.errors import LogError
from deeptracker.format import BAND_THRESHOLDS, FILTER_QUANTITIES, Series, Snapshot
from deeptracker.format.entries import check_name
from deeptracker.format.snapshot import MAX_ITERATION, no_prediction, prediction_dtype
from deeptracker.format.snapshot_file import MAX_SCALARS

# So many iterations are snapshots of their own; of more, at most so many, at equal distances: then
# the pages of a long run are as quick as those of a recorded one. The series are kept whole.
_MOST = 1_000


@dataclass(frozen=True)
class Course:
    """The series of a run: rising iterations i8 and values f8 by name; `iterations` of snapshots.

    `width`: how many iterations have one snapshot among them.
    `per_epoch`: iterations of an epoch, None: not known. `times`: seconds since 1970 by iteration.
    `dropped` counts by reason what has no place among them; `notes` say how they are to be read.
    `layers` are those of histograms, None: there are none.
    """

    series: Mapping[str, Series]
    iterations: tuple[int, ...]
    width: int
    per_epoch: int | None
    times: tuple[NDArray[np.int64], NDArray[np.float64]]
    dropped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    predictions: Predictions | None = None
    layers: TagLayers | None = None
    rest: bool = True

    def at(self, iterations: Sequence[int], *, rest: bool = True) -> "Course":
        """Return the course with snapshots at these iterations, rising.

        `rest`: whether the last one has what comes after it, too.
        """
        return replace(self, iterations=tuple(iterations), rest=rest)

    @cached_property
    def _cuts(self) -> Mapping[str, NDArray[np.int64]]:
        """Where the values of each snapshot begin in a series, and where the last ones end."""
        ends = np.array(self.iterations, np.int64)
        found = {
            name: np.append(0, np.searchsorted(series.iterations, ends, "right"))
            for name, series in self.series.items()
        }
        for name, cut in found.items() if self.rest else ():
            cut[-1] = len(self.series[name].values)
        return found

    @property
    def values(self) -> int:
        """Return how many values there are."""
        return sum(len(series.values) for series in self.series.values())

    def scalars(self, place: int) -> dict[str, Series]:
        """Return the values of the snapshot at a place: those since the one before."""
        scalars = {}
        for name, cut in self._cuts.items():
            first, last = int(cut[place]), int(cut[place + 1])
            if last > first:
                whole = self.series[name]
                scalars[name] = Series(whole.iterations[first:last], whole.values[first:last])
        return scalars

    def marks(self) -> NDArray[np.uint64]:
        """Return a number for each snapshot that is another where its scalars are others, u8 [T].

        It is the sum of one number for each value, its iteration and its series' name, so that all
        snapshots take no longer than the values do.
        """
        total = np.zeros(len(self.iterations), np.uint64)
        for name, cut in self._cuts.items():
            series = self.series[name]
            salt = np.uint64(int.from_bytes(blake2b(name.encode(), digest_size=8).digest()))
            mixed = _mixed(series.iterations.astype(np.uint64) + salt)
            mixed = _mixed(mixed ^ np.ascontiguousarray(series.values, np.float64).view(np.uint64))
            sums = np.append(np.uint64(0), np.cumsum(mixed))[cut]
            total += sums[1:] - sums[:-1]
        return total

    def snapshot(self, place: int) -> Snapshot:
        """Return the snapshot at a place among `iterations`, with layers of histograms alone."""
        iteration = self.iterations[place]
        statistics: Mapping[str, NDArray[np.float32]] = {}
        histogram: Mapping[str, NDArray[np.uint32]] = {}
        if self.layers is not None:
            before = self.iterations[place - 1] if place else -1
            statistics, histogram = self.layers.arrays(before, iteration)
        layers = 0 if self.layers is None else len(self.layers.specs)
        prediction, probability = self._predicted(iteration)
        return Snapshot(
            iteration=iteration,
            epoch=self.epoch(iteration),
            recorded_at=self.time(iteration),
            statistics=statistics,
            histogram=histogram,
            bands=np.full((layers, len(BAND_THRESHOLDS)), np.nan, np.float32),
            # A layer of which nothing but histograms is known counts as one filter.
            filters={name: np.full(layers, np.nan, np.float32) for name in FILTER_QUANTITIES},
            prediction=prediction,
            probability=probability,
            scalars=self.scalars(place),
        )

    def _predicted(
        self, iteration: int
    ) -> tuple[NDArray[np.integer[Any]], NDArray[np.float16]] | tuple[None, None]:
        table = self.predictions
        if table is None or iteration not in table.prediction:
            return None, None
        classes, said = len(table.classes), table.prediction[iteration]
        known = np.where(said < 0, no_prediction(classes), said)
        return known.astype(prediction_dtype(classes)), table.probability[iteration].astype("<f2")

    def epoch(self, iteration: int) -> float:
        """Return how many epochs had passed, NaN where that is not known."""
        return math.nan if self.per_epoch is None else iteration / self.per_epoch

    def time(self, iteration: int) -> float:
        """Return when an iteration was: taken evenly between two that are known, NaN: not known."""
        at, seconds = self.times
        return float(np.interp(iteration, at, seconds)) if len(at) else math.nan


def course_of(
    collected: Collected,
    *,
    per_epoch: int | None = None,
    predictions: Predictions | None = None,
    layers: bool = True,
) -> Course:
    """Return the course of what was collected; `per_epoch` where the files do not say it.

    There is a snapshot wherever there are predictions, and besides where there are histograms of
    layers, or, without any, values. `layers`: make some of histograms, where their tags are of any.

    Values that are counted by epochs stand at the iteration that ends the epoch; where nothing is
    counted by iterations, an epoch is one. Epochs that are counted from 0 are over one later.
    """
    dropped: dict[str, int] = {}
    notes = list(collected.notes)
    per_epoch = per_epoch or collected.iterations_per_epoch
    if collected.by_epoch and not collected.values and per_epoch is None:
        per_epoch = 1
        notes.append("The files count epochs alone: an iteration is an epoch here.")
    rows, unplaced = by_iteration(collected, per_epoch)
    if unplaced:
        dropped[UNPLACED] = unplaced
    notes += add_errors(rows, predicted=predictions is not None)
    series = _series(rows, dropped)
    its = np.unique(np.concatenate([one.iterations for one in series.values()] or [_NONE]))
    made = tag_layers(collected.histograms) if layers else None
    if made is not None:
        its = made.iterations
        notes.append(_OF_SUMS if made.exact else _OF_BUCKETS)
    ends = _ends(its)
    if predictions is not None:
        ends = tuple(sorted({*ends, *predictions.prediction}))
    if made is not None:
        dropped.update(**made.dropped, **made.between(ends))
    elif number := sum(map(len, collected.histograms.values())):
        dropped[UNKNOWN if layers else _BESIDE] = number
    return Course(
        series, ends, _width(its), per_epoch, _times(collected.times), dropped, tuple(notes),
        predictions, made,
    )  # fmt: skip


_OF_SUMS = (
    "Layers are of histograms by the names of parameters: of what these keep, mean, standard "
    "deviation, sum and L2 are exact, and quartiles and L1 are taken from the buckets, as if "
    "values lay evenly in each."
)
_OF_BUCKETS = (
    "Layers are of histograms by the names of parameters, which keep buckets alone: all statistics "
    "but least and greatest value are taken from these, as if values lay evenly in each."
)
_BESIDE = "a histogram of a tag: the checkpoints beside it tell of the layers"


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return numbers whose bits all depend on all bits given (the finaliser of SplitMix64)."""
    found = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return found ^ (found >> np.uint64(31))


_NONE: NDArray[np.int64] = np.zeros(0, np.int64)


def _series(rows: Mapping[str, Mapping[int, float]], dropped: dict[str, int]) -> dict[str, Series]:
    found: dict[str, Series] = {}
    for name in sorted(rows):
        values = rows[name]
        if why := _unfit(name, len(found)):
            dropped[why] = dropped.get(why, 0) + len(values)
            continue
        at = np.fromiter(values.keys(), np.float64, len(values))
        numbers = np.fromiter(values.values(), np.float64, len(values))
        fit = (at >= 0) & (at <= MAX_ITERATION)
        if not fit.all():
            why = f"a value at an iteration that is not within 0 to {MAX_ITERATION:,}"
            dropped[why] = dropped.get(why, 0) + int(np.count_nonzero(~fit))
            at, numbers = at[fit], numbers[fit]
        order = np.argsort(at, kind="stable")
        if len(at):
            found[name] = Series(at[order].astype(np.int64), numbers[order])
    return found


def _unfit(name: str, taken: int) -> str:
    """Return why a series of this name cannot be taken, "" where it can."""
    if taken >= MAX_SCALARS:
        return f"a value of a series beyond the first {MAX_SCALARS:,}, by name"
    try:
        check_name(_NOWHERE, "", name)
    except LogError as error:
        return f"a value of a series whose name {error.problem}"
    return ""


_NOWHERE: Any = ""


def _times(times: Mapping[int, float]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    at = np.array(sorted(times), np.int64)
    return at, np.array([times[int(one)] for one in at], np.float64)


def _ends(iterations: NDArray[np.int64]) -> tuple[int, ...]:
    """Return at which of rising iterations there are snapshots: the last one of each bucket.

    Buckets depend on nothing but the iterations, so a run that grew has the snapshots that it would
    have had at once; where they grow wider, and as the last one fills, snapshots move.
    """
    if not len(iterations):
        return ()
    bucket = iterations // _width(iterations)
    last = np.append(bucket[1:] != bucket[:-1], True)
    return tuple(iterations[last].tolist())


def _width(iterations: NDArray[np.int64]) -> int:
    """Return how many iterations a bucket has: 1, 2, 5, 10, 20, ..."""
    if len(iterations) <= _MOST:
        return 1
    size, span = 1, int(iterations[-1] - iterations[0])
    while True:
        for width in (size, 2 * size, 5 * size):
            if span < _MOST * width:
                return width
        size *= 10


def moved(stored: Iterable[int], course: Course) -> list[int]:
    """Return which snapshots of before have their values at another iteration now, rising."""
    before = np.array(sorted(stored), np.int64)
    there = np.array(course.iterations, np.int64)
    if not (len(before) and len(there)):
        return []
    # With one snapshot for each of few iterations none moves.
    same = np.isin(before // course.width, there // course.width)
    return [int(at) for at in before[same & ~np.isin(before, there)]]
