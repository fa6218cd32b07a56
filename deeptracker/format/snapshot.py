"""What was recorded at one sampled iteration, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_ITERATION = 2**31 - 1
# What stands in place of a class where predictions are signed: the network gave none, as where its
# scores are NaN, which is wrong; and nobody asked it, which is neither right nor wrong.
NO_PREDICTION = -1
NOT_VALIDATED = -2


@dataclass(frozen=True)
class Series:
    """A scalar since the previous snapshot: rising iterations i8 [n] and values f8 [n]."""

    iterations: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Snapshot:
    """What was recorded at one sampled iteration.

    Arrays, with L layers, S statistics, B bins, F filters, N images of the manifest:
    `statistics` f4 [L, S] by quantity (NaN: not defined, or the weights themselves are not
    finite), `histogram` u4 [L, B] by quantity, `bands` f4 [L, 7] (shares 0..1, NaN: no step),
    `filters` f4 [F] by filter quantity (NaN: no previous snapshot, no gradient, or not finite;
    Inf here and in `statistics`: too large for float32), `prediction`
    u2 or i4 [N] (see `no_prediction`: the network gave none, which is wrong), `probability` f2 [N]
    of the true class (NaN where the network gave none); both None where nothing was validated.
    `epoch` may be a fraction, `recorded_at` is in seconds since 1970 (UTC), NaN: not known;
    `generation` is the number of the manifest's generation that recorded it.
    """

    iteration: int
    epoch: float
    recorded_at: float
    statistics: Mapping[str, NDArray[np.float32]]
    histogram: Mapping[str, NDArray[np.uint32]]
    bands: NDArray[np.float32]
    filters: Mapping[str, NDArray[np.float32]]
    prediction: NDArray[np.integer[Any]] | None = None
    probability: NDArray[np.float16] | None = None
    scalars: Mapping[str, Series] = field(default_factory=dict)
    generation: int = 0

    @property
    def nbytes(self) -> int:
        """Return the bytes of all arrays, which are nearly all of its file."""
        arrays: list[NDArray[Any] | None] = [self.bands, self.prediction, self.probability]
        for family in (self.statistics, self.histogram, self.filters):
            arrays += family.values()
        for series in self.scalars.values():
            arrays += (series.iterations, series.values)
        return sum(array.nbytes for array in arrays if array is not None)


def prediction_dtype(classes: int) -> np.dtype[Any]:
    """Return the dtype of predicted classes: u2 below 65,536 classes, else i4."""
    return np.dtype("<u2" if classes < 2**16 else "<i4")


def no_prediction(classes: int) -> int:
    """Return what stands in a log for "the network predicts no class".

    It is NO_PREDICTION in the dtype of the run's predictions: 65,535 in u2.
    """
    return 2**16 - 1 if prediction_dtype(classes).kind == "u" else NO_PREDICTION


def is_no_prediction(prediction: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Return where predictions in the dtype of a log, u2 or i4, are of no class; same shape."""
    return prediction == (2**16 - 1 if prediction.dtype.kind == "u" else NO_PREDICTION)
