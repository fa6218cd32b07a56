"""What a load has read of a new run, kept so that it is judged without being read back.

At paper scale that is 0.3 GB, most of it results of images; of what would be more nothing is kept.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.measured_rows import Shape, SnapshotRow
from db.predictions import all_predictions, all_probabilities
from db.queries.measurements.class_results import ClassImages
from db.queries.measurements.peaks import PeaksOfRun
from db.queries.measurements.scalars import Scalar, once
from db.queries.measurements.snapshots import Flips, Snapshots
from deeptracker.format import SERIES, STATISTICS, Manifest, Series
from ingest.analysis.health.history import NEEDED_STATISTICS
from ingest.history import LAST_SNAPSHOTS, PEAKS, Measured, is_looked_at

Array = NDArray[Any]

# Bytes of all that is kept: what is larger takes enough memory to be judged.
MOST = 320 * 2**20


class Gathered:
    """The snapshots of a run from its first on, as they become rows, rising by iteration.

    `given_up` once they would take too much memory: then there is none of them.
    """

    def __init__(self, manifest: Manifest, shape: Shape) -> None:
        self._shape = shape
        self._label = manifest.images.class_id[shape.by_class].astype(np.int32)
        self._rows: list[SnapshotRow] = []
        self._gradient: deque[Array] = deque(maxlen=LAST_SNAPSHOTS)
        self._bytes, self.given_up = 0, False

    @property
    def seen(self) -> tuple[int, int | None]:
        """The number of snapshots, and the iteration of the last one; None: there is none."""
        last = self._rows[-1].snapshot.iteration if self._rows else None
        return len(self._rows), last

    def add(self, rows: Sequence[SnapshotRow]) -> None:
        """Take the next snapshots."""
        if self.given_up:
            return
        for row in rows:
            self._gradient.append(row.snapshot.filters["gradient_l2"])
            self._rows.append(slim := self._slim(row))
            kept = (
                *(row.prediction, row.probability, row.class_error),
                *(row.flip_image, row.flip_before, row.flip_learned),
            )
            self._bytes += slim.snapshot.nbytes + sum(one.nbytes for one in kept if one is not None)
        if self._bytes > MOST:
            self.given_up, self._rows = True, []
            self._gradient.clear()

    def _slim(self, row: SnapshotRow) -> SnapshotRow:
        """Return a row without what nobody looks at who judges a run: most of it are filters.

        What is kept is copied: an array of a snapshot keeps all of its file in memory.
        """
        snapshot = row.snapshot
        slim = replace(
            snapshot,
            statistics={name: one.copy() for name, one in snapshot.statistics.items()},
            histogram={},
            filters={},
            bands=np.empty(0, np.float32),
            scalars={
                name: Series(one.iterations.copy(), one.values.copy())
                for name, one in snapshot.scalars.items()
                if is_looked_at(name)
            },
            prediction=None,
            probability=None,
        )
        prediction, probability = _own(row.prediction), _own(row.probability)
        return replace(row, snapshot=slim, prediction=prediction, probability=probability)

    def measured(self) -> Measured:
        """Return what the rules look at; there is a snapshot at least."""
        rows = self._rows
        gradient = _across([*self._gradient]) if self._shape.layers else np.empty((0, 0), "f4")
        return Measured(
            snapshots=_snapshots(rows),
            flips=_flips(rows),
            class_errors=self.class_errors(),
            class_no_predictions=self._no_predictions(),
            profiles={
                (quantity, statistic): self._profile(quantity, STATISTICS.index(statistic))
                for quantity, statistics in NEEDED_STATISTICS.items()
                for statistic in statistics
            },
            gradient_l2=gradient,
            peaks={name: _peaks(rows, name) for name in PEAKS},
            logged=_logged(rows),
        )

    def class_errors(self) -> NDArray[np.float32]:
        """Return the error of every class, f4 [C, T], as the query of this name."""
        errors = [row.class_error for row in self._rows if row.class_error is not None]
        return _across(errors) if errors else np.empty((0, len(self._rows)), np.float32)

    def _no_predictions(self) -> NDArray[np.int32]:
        found = np.zeros((len(self._shape.class_size), len(self._rows)), np.int32)
        for at, row in enumerate(self._rows):
            if row.class_no_prediction is not None:
                found[:, at] = row.class_no_prediction
        return found

    def _profile(self, quantity: str, place: int) -> NDArray[np.float32]:
        absent = np.full(self._shape.layers, np.nan, np.float32)
        tables = [row.snapshot.statistics.get(quantity) for row in self._rows]
        return _across([absent if one is None else one[:, place] for one in tables])

    def told(self, at: int) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
        """Return classes and predictions at a place, as SnapshotPredictions of an iteration."""
        prediction = self._rows[at].prediction
        if prediction is None:
            return None
        known = all_predictions(prediction[None], np.ones(1, np.bool_))
        return self._label, known[0].astype(np.int32)

    def images_of_classes(self, classes: range) -> list[ClassImages]:
        """Return what became of the images of some classes, as the query of this name."""
        there = np.array([row.prediction is not None for row in self._rows])
        start = self._shape.class_start[classes.start]
        images = slice(start, self._shape.class_start[classes.stop])
        prediction = _of_images([row.prediction for row in self._rows], images, "u2")
        probability = _of_images([row.probability for row in self._rows], images, "f2")
        found = []
        for class_id in classes:
            of_class = slice(*(self._shape.class_start[class_id : class_id + 2] - start))
            known = all_predictions(prediction[:, of_class], there)
            sure = all_probabilities(probability[:, of_class], there)
            found.append(
                ClassImages(
                    images=self._shape.images_of(class_id),
                    prediction=np.ascontiguousarray(known.T),
                    probability=np.ascontiguousarray(sure.T),
                )
            )
        return found


def _across(values: Sequence[Array]) -> Array:
    """Return arrays as the columns of a matrix, C-contiguous, as db.raw.across."""
    return np.ascontiguousarray(np.stack(values).T)


def _own(values: Array | None) -> Array | None:
    """Return an array that is no part of another."""
    return values if values is None or values.base is None else values.copy()


def _joined(values: Sequence[Array], dtype: str) -> Array:
    return np.concatenate([np.empty(0, dtype), *values], dtype=dtype)


def _snapshots(rows: Sequence[SnapshotRow]) -> Snapshots:
    none = (-1, -1, -1, -1)
    moves = [none if row.transitions is None else row.transitions for row in rows]
    return Snapshots(
        iteration=np.array([row.snapshot.iteration for row in rows], np.int32),
        epoch=np.array([row.snapshot.epoch for row in rows], np.float64),
        recorded_at=np.array([row.snapshot.recorded_at for row in rows], np.float64),
        transitions=np.array(moves, np.int32),
        **{name: np.array([row.series[name] for row in rows], np.float64) for name in SERIES},
    )


def _flips(rows: Sequence[SnapshotRow]) -> Flips:
    counts = [len(row.flip_image) for row in rows]
    return Flips(
        snapshot=np.repeat(np.arange(len(rows), dtype=np.int32), counts),
        image=_joined([row.flip_image for row in rows], "i4"),
        before=_joined([row.flip_before for row in rows], "i4"),
        learned=_joined([row.flip_learned for row in rows], "u1"),
    )


def _peaks(rows: Sequence[SnapshotRow], name: str) -> PeaksOfRun:
    dtypes = ("i4", "i4", "f4")
    none = tuple(np.empty(0, dtype) for dtype in dtypes)
    found = [row.peaks.get(name, none) for row in rows]
    start = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(one[0]) for one in found], out=start[1:])
    layer, filter_, value = (
        _joined([one[part] for one in found], dtype)
        for part, dtype in enumerate(("i4", "i4", "f4"))
    )
    return PeaksOfRun(start, layer, filter_, value)


def _logged(rows: Sequence[SnapshotRow]) -> dict[str, Scalar]:
    names = {name for row in rows for name in row.snapshot.scalars}
    found = {}
    for name in sorted(names):
        pieces = [row.snapshot.scalars[name] for row in rows if name in row.snapshot.scalars]
        iterations = _joined([piece.iterations.astype(np.int32) for piece in pieces], "i4")
        found[name] = once(iterations, _joined([piece.values for piece in pieces], "f8"))
    return found


def _of_images(values: Sequence[Array | None], images: slice, dtype: str) -> Array:
    """Return the values of some images at the snapshots that have any, [n, images]."""
    known = [one[images] for one in values if one is not None]
    return np.stack(known) if known else np.empty((0, images.stop - images.start), dtype)
