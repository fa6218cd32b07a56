"""What a snapshot says by itself: digest, errors of its classes, peaks, last values."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.load_rows import Shape
from deeptracker.catalogue import PEAK_QUANTITIES
from deeptracker.format import SERIES, Manifest, Series, Snapshot
from ingest.analysis.flips import class_error
from ingest.analysis.peaks import Peaks, find_peaks


@dataclass(frozen=True)
class Prepared:
    """A snapshot with all that needs no other snapshot.

    `values` holds the last value of each known series that the snapshot brought; where it brought
    no validation error, that of its predictions. `correct` is bool [N], None without images.
    """

    snapshot: Snapshot
    digest: bytes
    correct: NDArray[np.bool_] | None
    class_error: NDArray[np.float32] | None
    peaks: Mapping[str, Peaks]
    values: Mapping[str, float]


class Preparer:
    """Prepares the snapshots of one run."""

    def __init__(self, manifest: Manifest, shape: Shape) -> None:
        self._image_class = manifest.images.class_id
        self._shape = shape

    def prepare(self, snapshot: Snapshot) -> Prepared:
        """Analyse a snapshot."""
        correct, errors = None, None
        if snapshot.prediction is not None:
            correct = snapshot.prediction == self._image_class
            errors = class_error(
                correct, image_class=self._image_class, class_size=self._shape.class_size
            )
        return Prepared(
            snapshot=snapshot,
            digest=digest(snapshot),
            correct=correct,
            class_error=errors,
            peaks={
                name: find_peaks(snapshot.filters[name], offsets=self._shape.offsets)
                for name in PEAK_QUANTITIES
            },
            values=_last_values(snapshot, correct),
        )


def _last_values(snapshot: Snapshot, correct: NDArray[np.bool_] | None) -> dict[str, float]:
    found = {}
    for name in SERIES:
        value = last_value(snapshot.scalars.get(name), until=snapshot.iteration)
        if value is None and name == "validation_error" and correct is not None:
            value = (len(correct) - int(np.count_nonzero(correct))) / len(correct)
        if value is not None:
            found[name] = value
    return found


def last_value(series: Series | None, *, until: int) -> float | None:
    """Return the last value up to the iteration `until`, None where there is none."""
    if series is None:
        return None
    place = int(np.searchsorted(series.iterations, until, side="right"))
    return float(series.values[place - 1]) if place else None


def digest(snapshot: Snapshot) -> bytes:
    """Return 16 bytes that are equal for equal snapshots, whatever the layout of their files."""
    total = hashlib.blake2b(digest_size=16)

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
