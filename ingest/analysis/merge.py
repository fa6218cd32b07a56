"""Statistics of blocks, stages and the network: exact merges of those of their layers.

What is merged are counts, sums, squares, extremes, norms and histograms, so that the result is that
of the concatenated parameters. Quartiles alone cannot be had from those of the parts: they come
from the merged histogram and are right to within one of its bins.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import HISTOGRAM_EDGES

Members = Sequence[NDArray[np.integer]]
QUARTILES = MappingProxyType({"q1": 0.25, "median": 0.5, "q3": 0.75})
COUNTED = ("total", "nan_count", "inf_count")

# Which statistics of the layers a merged one follows from, beside those that give the counts.
NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "minimum": ("minimum",),
        "maximum": ("maximum",),
        "mean": ("total",),
        "std": ("std", "mean"),
        "total": ("total",),
        "l1": ("l1",),
        "l2": ("l2",),
        "zero_share": ("zero_share",),
        "nan_count": ("nan_count",),
        "inf_count": ("inf_count",),
    }
)


def finite_counts(
    parameters: NDArray[np.integer], statistics: Mapping[str, NDArray[np.floating]]
) -> NDArray[np.float64]:
    """Return how many values of each layer [L] are finite at each snapshot, f8 [L, T].

    `statistics` holds COUNTED, each [L, T]. A layer that has no finite value, or of which the
    quantity was not there (the gradient of a frozen layer), counts 0.
    """
    odd = np.nan_to_num(statistics["nan_count"].astype(np.float64)) + np.nan_to_num(
        statistics["inf_count"].astype(np.float64)
    )
    whole = parameters.astype(np.float64)[:, None] - odd
    return np.where(np.isnan(statistics["total"]), 0.0, np.maximum(whole, 0.0))


def merge(
    name: str,
    statistics: Mapping[str, NDArray[np.floating]],
    counts: NDArray[np.float64],
    members: Members,
) -> NDArray[np.float32]:
    """Return one statistic of groups of layers, f4 [G, T]; NaN where nothing is finite.

    `statistics` holds NEEDS[name], each [L, T]; `counts` are those of `finite_counts`; `members`
    says the layers of each group. KeyError for a statistic that cannot be merged (quartiles).
    """
    needed = [statistics[need].astype(np.float64) for need in NEEDS[name]]
    merged = np.full((len(members), counts.shape[1]), np.nan, np.float32)
    for group, layers in enumerate(members):
        count = counts[layers]
        known = count > 0
        parts = [np.where(known, values[layers], 0.0) for values in needed]
        if name in ("nan_count", "inf_count"):
            # Known also where nothing is finite.
            merged[group] = np.nan_to_num(needed[0][layers]).sum(axis=0)
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            value = _MERGES[name](count, known, *parts)
        merged[group] = np.where(known.any(axis=0), value, np.nan)
    return merged


_Floats = NDArray[np.float64]
_Known = NDArray[np.bool_]


def _minimum(count: _Floats, known: _Known, values: _Floats) -> _Floats:
    return np.where(known, values, np.inf).min(axis=0)


def _maximum(count: _Floats, known: _Known, values: _Floats) -> _Floats:
    return np.where(known, values, -np.inf).max(axis=0)


def _sum(count: _Floats, known: _Known, values: _Floats) -> _Floats:
    return np.asarray(values.sum(axis=0))


def _mean(count: _Floats, known: _Known, total: _Floats) -> _Floats:
    return np.asarray(total.sum(axis=0) / count.sum(axis=0))


def _norm(count: _Floats, known: _Known, l2: _Floats) -> _Floats:
    # Scaled, so that squares of very large norms do not overflow.
    largest = np.abs(l2).max(axis=0)
    scale = np.where(largest > 0, largest, 1.0)
    return np.asarray(scale * np.sqrt(((l2 / scale) ** 2).sum(axis=0)))


def _share(count: _Floats, known: _Known, share: _Floats) -> _Floats:
    return np.asarray((share * count).sum(axis=0) / count.sum(axis=0))


def _std(count: _Floats, known: _Known, std: _Floats, mean: _Floats) -> _Floats:
    # The spread within the layers plus the spread of their means: no cancellation.
    n = count.sum(axis=0)
    centre = (count * mean).sum(axis=0) / n
    return np.asarray(np.sqrt((count * (std**2 + (mean - centre) ** 2)).sum(axis=0) / n))


_MERGES: Mapping[str, Callable[..., _Floats]] = {
    "minimum": _minimum,
    "maximum": _maximum,
    "mean": _mean,
    "std": _std,
    "total": _sum,
    "l1": _sum,
    "l2": _norm,
    "zero_share": _share,
}


def merge_bands(
    bands: NDArray[np.floating], parameters: NDArray[np.integer], members: Members
) -> NDArray[np.float32]:
    """Return the change bands of groups, f4 [G, K, T], of those of layers [L, K, T].

    Bands are shares of all parameters, finite or not, so that these are the weights. A layer whose
    bands are NaN is left out.
    """
    merged = np.full((len(members), *bands.shape[1:]), np.nan, np.float32)
    for group, layers in enumerate(members):
        part = bands[layers].astype(np.float64)
        weight = np.where(np.isnan(part), 0.0, parameters[layers].astype(np.float64)[:, None, None])
        whole = weight.sum(axis=0)
        with np.errstate(invalid="ignore"):
            merged[group] = (np.nan_to_num(part) * weight).sum(axis=0) / whole
    return merged


def norm_ratio(change: NDArray[np.floating], base: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return ||dw|| / ||w|| of norms: 0 where both are zero, 1 where only the base is."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = change.astype(np.float64) / base.astype(np.float64)
    empty = base == 0
    return np.where(empty & ~np.isnan(change), change != 0, ratio).astype(np.float32)


def quartiles_of(
    histogram: NDArray[np.integer],
    minimum: NDArray[np.floating],
    maximum: NDArray[np.floating],
) -> dict[str, NDArray[np.float32]]:
    """Return q1, median and q3, each f4 [...], of histograms [..., B] over HISTOGRAM_EDGES.

    Interpolated within the bin that holds the rank, cut to `minimum` and `maximum` [...]: right to
    within that bin. NaN where the histogram is empty.
    """
    cumulative = np.cumsum(histogram, axis=-1, dtype=np.int64)
    count = cumulative[..., -1]
    found = {}
    for name, share in QUARTILES.items():
        rank = share * np.maximum(count - 1, 0)
        place = (cumulative <= rank[..., None]).sum(axis=-1)
        place = np.minimum(place, histogram.shape[-1] - 1)
        inside = np.take_along_axis(histogram, place[..., None], axis=-1)[..., 0]
        after = np.take_along_axis(cumulative, place[..., None], axis=-1)[..., 0]
        low = np.maximum(HISTOGRAM_EDGES[place], minimum)
        high = np.minimum(HISTOGRAM_EDGES[place + 1], maximum)
        part = (rank - (after - inside) + 0.5) / np.maximum(inside, 1)
        with np.errstate(invalid="ignore"):
            value = low + (high - low) * np.clip(part, 0, 1)
        found[name] = np.where(count > 0, value, np.nan).astype(np.float32)
    return found
