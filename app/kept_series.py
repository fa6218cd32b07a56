"""A long series as a process keeps it: without its iterations where none is left out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.queries.measurements.scalars import Scalar


@dataclass(frozen=True)
class KeptSeries:
    """A series; `iterations` is None where none is left out from the first one on."""

    first: int
    iterations: NDArray[np.int32] | None
    values: NDArray[np.float64]


def packed(series: Scalar) -> KeptSeries:
    """Return a series as it is kept."""
    at = series.iterations
    if len(at) and int(at[-1]) - int(at[0]) + 1 == len(at):  # they rise
        return KeptSeries(int(at[0]), None, series.values)
    return KeptSeries(0, at, series.values)


def unpacked(kept: KeptSeries) -> Scalar:
    """Return the series: its iterations take a millisecond a million."""
    if kept.iterations is not None:
        return Scalar(kept.iterations, kept.values)
    end = kept.first + len(kept.values)
    return Scalar(np.arange(kept.first, end, dtype=np.int32), kept.values)
