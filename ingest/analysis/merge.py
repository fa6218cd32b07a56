"""Statistics of blocks, stages and the network: exact merges of those of their layers.

What is merged are counts, sums, squares, extremes, norms and histograms, so that the result is that
of the concatenated parameters. Quartiles alone cannot be had from those of the parts: they come
from the merged histogram and are right to within one of its bins.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.catalogue import LAYER_STATISTICS, Merge
from deeptracker.format import HISTOGRAM_EDGES

Members = Sequence[NDArray[np.integer]]
QUARTILES = MappingProxyType({"q1": 0.25, "median": 0.5, "q3": 0.75})
COUNTED = ("nan_count", "inf_count")

# What a merge rule needs besides the statistic itself.
_BESIDES: Mapping[Merge, tuple[str, ...]] = {"mean": COUNTED, "std": ("mean", *COUNTED)}
# Which statistics of the layers a merged one follows from. A statistic of a layer is NaN where
# nothing in it is finite, so that counts are needed only where layers weigh by their number.
NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        one.name: (one.name, *_BESIDES.get(one.merge, ()))
        for one in LAYER_STATISTICS
        if one.merge is not None
    }
)
_RULES: Mapping[str, Merge | None] = {one.name: one.merge for one in LAYER_STATISTICS}

_Floats = NDArray[np.float64]
_Known = NDArray[np.bool_]


def finite_counts(
    parameters: NDArray[np.integer], statistics: Mapping[str, NDArray[np.floating]]
) -> _Floats:
    """Return how many values of each layer [L] are finite at each snapshot, f8 [L, T].

    `statistics` holds COUNTED, each [L, T]; NaN, where the quantity was not there (the gradient of
    a frozen layer), counts 0 of them.
    """
    odd = sum(np.nan_to_num(statistics[name].astype(np.float64)) for name in COUNTED)
    return np.maximum(parameters.astype(np.float64)[:, None] - odd, 0.0)


def merge(
    name: str,
    statistics: Mapping[str, NDArray[np.floating]],
    parameters: NDArray[np.integer],
    members: Members,
) -> NDArray[np.float32]:
    """Return one statistic of groups of layers, f4 [G, T]; NaN where nothing is finite.

    A group without layers, as the network of a run of scalars alone is, is NaN throughout.
    `statistics` holds NEEDS[name], each [L, T]; `parameters` [L] says how many numbers the layers
    hold, `members` which layers are in each group. KeyError for a statistic that cannot be merged
    (quartiles).
    """
    own = [statistics[need].astype(np.float64) for need in NEEDS[name]]
    known = ~np.isnan(own[0])
    weights = np.where(known, finite_counts(parameters, statistics), 0.0) if len(own) > 1 else None
    merged = np.empty((len(members), known.shape[1]), np.float32)
    rule = _RULES[name]
    if rule is None:
        raise KeyError(name)
    work = _prepared(rule, own, known, weights)
    for group, layers in enumerate(members):
        if not len(layers):
            merged[group] = np.nan
            continue
        part = _rows(layers)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            value = _MERGES[rule](*(array[part] for array in work))
        # Counts are known also where nothing is finite.
        kept = name in COUNTED or known[part].any(axis=0)
        merged[group] = np.where(kept, value, np.nan)
    return merged


def _rows(layers: NDArray[np.integer]) -> slice | NDArray[np.integer]:
    """Return the layers as a slice, which needs no copy, where they follow one another."""
    if not len(layers):
        return slice(0, 0)
    first, last = int(layers[0]), int(layers[-1])
    follows = last - first == len(layers) - 1 and bool((np.diff(layers) == 1).all())
    return slice(first, last + 1) if follows else layers


def _prepared(
    rule: Merge, own: list[_Floats], known: _Known, weights: _Floats | None
) -> list[_Floats]:
    """Return what the groups add up, [L, T] each, once for all: nothing where nothing is known."""
    blank = {"minimum": np.inf, "maximum": -np.inf}.get(rule, 0.0)
    filled = [np.where(known, values, blank) for values in own]
    if rule == "norm":
        return [filled[0] ** 2]  # f8 holds the square of every f4
    if weights is None:
        return filled
    if rule == "std":
        return [weights, filled[0], filled[1]]
    return [weights, weights * filled[0]]


def _minimum(values: _Floats) -> _Floats:
    return np.asarray(values.min(axis=0))


def _maximum(values: _Floats) -> _Floats:
    return np.asarray(values.max(axis=0))


def _sum(values: _Floats) -> _Floats:
    return np.asarray(values.sum(axis=0))


def _norm(squares: _Floats) -> _Floats:
    return np.asarray(np.sqrt(squares.sum(axis=0)))


def _share(weights: _Floats, weighed: _Floats) -> _Floats:
    return np.asarray(weighed.sum(axis=0) / weights.sum(axis=0))


def _std(weights: _Floats, std: _Floats, mean: _Floats) -> _Floats:
    # The spread within the layers plus the spread of their means: no cancellation.
    n = weights.sum(axis=0)
    centre = (weights * mean).sum(axis=0) / n
    return np.asarray(np.sqrt((weights * (std**2 + (mean - centre) ** 2)).sum(axis=0) / n))


_MERGES: Mapping[Merge, Callable[..., _Floats]] = {
    "minimum": _minimum,
    "maximum": _maximum,
    "mean": _share,
    "std": _std,
    "sum": _sum,
    "norm": _norm,
}


def merge_bands(
    bands: NDArray[np.floating], parameters: NDArray[np.integer], members: Members
) -> NDArray[np.float32]:
    """Return the change bands of groups, f4 [G, K, T], of those of layers [L, K, T].

    Bands are shares of all parameters, finite or not, so that these are the weights. A layer whose
    bands are NaN is left out, and a group without layers is NaN.
    """
    merged = np.full((len(members), *bands.shape[1:]), np.nan, np.float32)
    known, number = ~np.isnan(bands), parameters.astype(np.float64)[:, None, None]
    weight = np.where(known, number, 0.0)
    weighed = np.where(known, bands, 0.0) * number
    for group, layers in enumerate(members):
        if len(layers) == 1:
            merged[group] = bands[layers[0]]
            continue
        part = _rows(layers)
        with np.errstate(invalid="ignore"):
            merged[group] = weighed[part].sum(axis=0) / weight[part].sum(axis=0)
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
    """Return q1, median and q3, each f4 [...], of histograms [..., B]; see `quantiles_of`."""
    found = quantiles_of(histogram, minimum, maximum, tuple(QUARTILES.values()))
    return {name: found[..., at] for at, name in enumerate(QUARTILES)}


def quantiles_of(
    histogram: NDArray[np.integer],
    minimum: NDArray[np.floating],
    maximum: NDArray[np.floating],
    shares: Sequence[float],
) -> NDArray[np.float32]:
    """Return the quantiles at `shares` (0..1), f4 [..., K], of histograms [..., B].

    The bins are those of HISTOGRAM_EDGES. Interpolated within the bin that holds the rank, cut to
    `minimum` and `maximum` [...]: right to within that bin. NaN where the histogram is empty.
    """
    # Counts of four bytes are of fewer parameters than these can count.
    narrow = histogram.dtype == np.uint32
    cumulative: NDArray[Any] = np.cumsum(
        histogram, axis=-1, dtype=np.uint32 if narrow else np.int64
    )
    count = cumulative[..., -1]
    found = np.empty((*count.shape, len(shares)), np.float32)
    for at, share in enumerate(shares):
        rank = share * np.maximum(count - 1, 0)
        # Whole numbers are compared, four times as fast as with the rank itself.
        whole = np.floor(rank).astype(cumulative.dtype)
        place = np.count_nonzero(cumulative <= whole[..., None], axis=-1)
        place = np.minimum(place, histogram.shape[-1] - 1)
        inside = np.take_along_axis(histogram, place[..., None], axis=-1)[..., 0]
        after = np.take_along_axis(cumulative, place[..., None], axis=-1)[..., 0]
        low = np.maximum(HISTOGRAM_EDGES[place], minimum)
        high = np.minimum(HISTOGRAM_EDGES[place + 1], maximum)
        part = (rank - (after - inside) + 0.5) / np.maximum(inside, 1)
        with np.errstate(invalid="ignore"):
            value = low + (high - low) * np.clip(part, 0, 1)
        found[..., at] = np.where(count > 0, value, np.nan)
    return found
