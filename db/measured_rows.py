"""What a load knows of a run and of its snapshots, as it becomes rows of the measurement tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import Manifest, Snapshot, prediction_dtype

Array = NDArray[Any]

# Of a row of results besides its arrays: its header, key, and the lengths of the arrays.
_RESULT_BYTES = 48


@dataclass(frozen=True)
class MeasuredRow:
    """One snapshot with what it says by itself, whatever came before it.

    `prediction` and `probability` [N] are those of the snapshot with the images by class, None
    where nothing was validated; `class_error` is f4 [C], None without images, NaN where nothing was
    validated; `class_no_prediction` i4 [C] counts images, None: there are none such; `peaks` gives
    layer i4, filter i4 and value f4 by filter quantity.
    """

    snapshot: Snapshot
    prediction: Array | None
    probability: Array | None
    class_error: NDArray[np.float32] | None
    class_no_prediction: NDArray[np.int32] | None
    peaks: Mapping[str, tuple[Array, Array, Array]]


@dataclass(frozen=True)
class SnapshotRow(MeasuredRow):
    """One snapshot with all that was found out about it; arrays as the snapshot table says.

    `series` has a value (or NaN) for every name of SERIES; `digest` is 16 bytes.
    """

    digest: bytes
    series: Mapping[str, float]
    transitions: tuple[int, int, int, int] | None
    flip_image: NDArray[np.int32]
    flip_before: NDArray[np.int32]
    flip_learned: NDArray[np.uint8]


class Shape:
    """What the rows of a run need to know of its structure, computed once."""

    def __init__(self, manifest: Manifest) -> None:
        self.layers = len(manifest.layers)
        self.offsets = manifest.filter_offsets
        image_class = manifest.images.class_id
        self.class_size = np.bincount(image_class, minlength=len(manifest.classes)).astype(np.int32)
        # Images by class, each class's rising: the order of the arrays of class_result.
        self.by_class = np.argsort(image_class, kind="stable")
        self.class_start = np.concatenate([[0], np.cumsum(self.class_size)])
        self._ordered = bool((np.diff(self.by_class) == 1).all())  # as of most data sets
        self.prediction = prediction_dtype(len(manifest.classes)).str

    def in_order(self, values: Array) -> Array:
        """Return values of images [N] with the images by class; the same array where it can."""
        return values if self._ordered else values.take(self.by_class)

    def result_bytes(self, snapshots: int) -> int:
        """Return the bytes of a row of class_result with so many snapshots, of a usual class."""
        known = self.class_size[self.class_size > 0]
        images = int(np.median(known)) if len(known) else 0
        of_image = np.dtype(self.prediction).itemsize + np.dtype("f2").itemsize
        return _RESULT_BYTES + snapshots * (images * of_image + np.dtype("i4").itemsize)

    def images_of(self, class_id: int) -> NDArray[np.int32]:
        """Return the images of a class, rising, i4 [n]."""
        part = self.by_class[self.class_start[class_id] : self.class_start[class_id + 1]]
        return part.astype(np.int32)
