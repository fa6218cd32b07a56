"""The moving average of a curve: exponential, weighted by distance, unbiased at its beginning.

app/web/base/smoothing.ts is the same in the browser; both are tested on the same numbers.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

# As wide as W&B's screen: at a weight of w, a value still counts w ** (1 / 2) after one of them.
_STEPS = 1000
_MOST = 0.999


def smoothed(
    places: ArrayLike, values: ArrayLike, weight: float, *, span: float | None = None
) -> NDArray[np.float64]:
    """Return the moving average of a curve at each of its places, f8 [n].

    `places` [n] rise, `values` [n] are those of the curve, of which NaN and Inf do not count: there
    the average stays what it was, and before the first finite value it is NaN. `weight` is 0 (the
    finite values themselves, else NaN) to below 1. The whole axis is `span` wide; by default the
    places are. ValueError for another weight, and for arrays of different lengths.
    """
    at, given = np.asarray(places, np.float64), np.asarray(values, np.float64)
    if at.shape != given.shape or at.ndim != 1:
        raise ValueError(f"places and values must be as long: {at.shape} and {given.shape}")
    if not 0 <= weight < 1:
        raise ValueError(f"weight must be at least 0 and below 1, not {weight}")
    finite = np.isfinite(given)
    wide = float(span if span is not None else np.ptp(at) if len(at) else 0)
    if not weight:
        return np.where(finite, given, np.nan)
    kept = min(weight**0.5, _MOST) ** _distances(at[finite], wide)
    found = np.empty(len(kept))
    total = count = 0.0
    for place, (value, share) in enumerate(zip(given[finite], kept, strict=True)):
        total = total * share + value
        count = count * share + 1
        found[place] = total / count
    # Each place has the average of the last finite value up to it.
    latest = np.cumsum(finite) - 1
    everywhere = np.append(found, np.nan)[latest]
    everywhere[latest < 0] = np.nan
    return everywhere


def _distances(at: NDArray[np.float64], span: float) -> NDArray[np.float64]:
    """Return how far each place is from the one before, in steps of the axis; the first 0."""
    return np.diff(at, prepend=at[:1]) / span * _STEPS if span > 0 else np.zeros(len(at))
