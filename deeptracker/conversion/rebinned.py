"""A histogram of other bins as the statistics and the bins of a layer."""

import math

import numpy as np
from numpy.typing import NDArray

from deeptracker.format.names import BINS, HISTOGRAM_EDGES, STATISTICS

Floats = NDArray[np.float64]
_MOST = 2**32 - 1


def rebinned(edges: Floats, counts: Floats) -> NDArray[np.uint32]:
    """Return how many values lie in each bin of a log, u4 [B]; together as many as in `counts`.

    Within each source bucket, between edges f8 [n + 1] that rise, values are taken to lie evenly.
    """
    below = np.interp(HISTOGRAM_EDGES[1:-1], edges, _cumulated(counts))
    whole = np.rint(np.concatenate([[0.0], below, [counts.sum()]]))
    # Everything lies between the outermost edges, which np.interp keeps to.
    found: NDArray[np.uint32] = np.minimum(np.diff(whole), _MOST).astype(np.uint32)
    assert len(found) == BINS
    return found


def statistics_of(
    edges: Floats, counts: Floats, *, total: float | None = None, squares: float | None = None
) -> NDArray[np.float32]:
    """Return the statistics of the values in buckets, f4 [S]; NaN: the buckets do not tell.

    Least and greatest value are the outermost edges. `total` and `squares`, the sums of the values
    and of their squares, are exact where a source keeps them; else they are taken from the buckets
    like the quartiles and L1: as of values that lie evenly in each. Shares of zeros, and counts of
    NaN and Inf, are not known.
    """
    number = float(counts.sum())
    low, high = edges[:-1], edges[1:]
    middle = (low + high) / 2
    if total is None:
        total = float(counts @ middle)
    if squares is None:
        squares = float(counts @ ((low * low + low * high + high * high) / 3))
    mean = total / number
    q1, median, q3 = _quantiles(edges, counts, (0.25, 0.5, 0.75))
    known = {
        "minimum": edges[0],
        "q1": q1,
        "median": median,
        "q3": q3,
        "maximum": edges[-1],
        "mean": mean,
        "std": math.sqrt(max(squares / number - mean * mean, 0.0)),
        "total": total,
        "l1": float(counts @ _mean_size(low, high)),
        "l2": math.sqrt(max(squares, 0.0)),
    }
    with np.errstate(over="ignore"):
        return np.array([known.get(name, np.nan) for name in STATISTICS], np.float32)


def _mean_size(low: Floats, high: Floats) -> Floats:
    """Return the mean of |x| for x even between low and high, by bucket."""
    crosses = (low < 0) & (high > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        around = (low * low + high * high) / (2 * (high - low))
    found: Floats = np.where(crosses, around, np.abs(low + high) / 2)
    return found


def _quantiles(edges: Floats, counts: Floats, shares: tuple[float, ...]) -> Floats:
    below = _cumulated(counts)
    return np.interp(np.array(shares) * below[-1], below, edges)


def _cumulated(counts: Floats) -> Floats:
    return np.append(0.0, np.cumsum(counts))
