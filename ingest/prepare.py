"""What a snapshot says by itself: digest, errors of its classes, peaks, last values."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xxhash
from numpy.typing import NDArray

from db.measured_rows import Shape
from deeptracker.catalogue import PEAK_QUANTITIES
from deeptracker.format import SERIES, Manifest, Series, Snapshot
from ingest.analysis.flips import class_error, class_no_prediction
from ingest.analysis.peaks import Peaks, find_peaks

# The series whose last value does not hold where a snapshot of a run with images was not validated.
OF_VALIDATION = ("validation_loss", "validation_error")


@dataclass(frozen=True)
class Prepared:
    """A snapshot with all that needs no other snapshot.

    `values` holds the last value of each known series that the snapshot brought; where it brought
    no validation error, that of its predictions, NaN where it was not validated. `correct` is bool
    [N], None where it was not. `prediction`, `probability`, `class_error` and `class_no_prediction`
    as MeasuredRow has them.
    """

    snapshot: Snapshot
    digest: bytes
    correct: NDArray[np.bool_] | None
    prediction: NDArray[Any] | None
    probability: NDArray[Any] | None
    class_error: NDArray[np.float32] | None
    class_no_prediction: NDArray[np.int32] | None
    peaks: Mapping[str, Peaks]
    values: Mapping[str, float]


class Preparer:
    """Prepares the snapshots of one run."""

    def __init__(self, manifest: Manifest, shape: Shape) -> None:
        self._image_class = manifest.images.class_id
        # Compared in a third of the time where both are of one kind.
        self._label = self._image_class.astype(shape.prediction)
        self._shape = shape

    def prepare(self, snapshot: Snapshot) -> Prepared:
        """Analyse a snapshot."""
        correct, errors, without = None, None, None
        prediction, probability = snapshot.prediction, snapshot.probability
        size = self._shape.class_size
        if prediction is not None and probability is not None:
            correct = prediction == self._label
            without = class_no_prediction(
                prediction, image_class=self._image_class, classes=len(size)
            )
            # From here on they are read class by class.
            prediction = self._shape.in_order(prediction)
            probability = self._shape.in_order(probability)
            errors = class_error(self._shape.in_order(correct), class_size=size)
        elif len(self._image_class):
            errors = np.full(len(size), np.nan, np.float32)
        return Prepared(
            snapshot=snapshot,
            digest=digest(snapshot),
            correct=correct,
            prediction=prediction,
            probability=probability,
            class_error=errors,
            class_no_prediction=without,
            peaks={
                name: find_peaks(snapshot.filters[name], offsets=self._shape.offsets)
                for name in PEAK_QUANTITIES
            },
            values=self._last_values(snapshot, correct),
        )

    def _last_values(
        self, snapshot: Snapshot, correct: NDArray[np.bool_] | None
    ) -> dict[str, float]:
        found = {}
        for name in SERIES:
            value = last_value(snapshot.scalars.get(name), until=snapshot.iteration)
            if value is None and name in OF_VALIDATION and len(self._image_class):
                value = _of_validation(name, correct)
            if value is not None:
                found[name] = value
        return found


def _of_validation(name: str, correct: NDArray[np.bool_] | None) -> float | None:
    if correct is None:
        return math.nan
    if name != "validation_error":
        return None
    return (len(correct) - int(np.count_nonzero(correct))) / len(correct)


def last_value(series: Series | None, *, until: int) -> float | None:
    """Return the last value up to the iteration `until`, None where there is none."""
    if series is None:
        return None
    place = int(np.searchsorted(series.iterations, until, side="right"))
    return float(series.values[place - 1]) if place else None


def digest(snapshot: Snapshot) -> bytes:
    """Return 16 bytes that are equal for equal snapshots, whatever the layout of their files.

    They tell a repeated load from a later recording, and guard nothing against forgers: who can
    write a log can write what he likes. So a hash of checksums will do, at a tenth of the time.
    """
    return _hashed(snapshot, xxhash.xxh3_128())


def former_digest(snapshot: Snapshot) -> bytes:
    """Return the digest that the first releases stored."""
    return _hashed(snapshot, hashlib.blake2b(digest_size=16))


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None:
        """Take more bytes."""

    def digest(self) -> bytes:
        """Return the hash of all bytes."""


def _hashed(snapshot: Snapshot, total: _Hash) -> bytes:
    def add(name: str, array: NDArray[Any] | None) -> None:
        if array is not None:
            total.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
            total.update(np.ascontiguousarray(array).data)

    total.update(f"{snapshot.iteration} {snapshot.epoch!r} {snapshot.recorded_at!r}".encode())
    for kind, arrays in (
        ("statistics", snapshot.statistics),
        ("histogram", snapshot.histogram),
        ("filter", snapshot.filters),
    ):
        for name in sorted(arrays):
            add(f"{kind}.{name}", arrays[name])
    add("bands", snapshot.bands)
    add("prediction", snapshot.prediction)
    add("probability", snapshot.probability)
    for name in sorted(snapshot.scalars):
        add(f"scalar.{name}.iterations", snapshot.scalars[name].iterations)
        add(f"scalar.{name}.values", snapshot.scalars[name].values)
    return total.digest()
