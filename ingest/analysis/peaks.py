"""The most changed filters of a snapshot over all layers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PEAK_LIMIT = 200
_SAMPLED = 8


@dataclass(frozen=True)
class Peaks:
    """The largest filters, falling by value: layer i4 [n], filter of the layer i4 [n], f4 [n]."""

    layer_id: NDArray[np.int32]
    filter: NDArray[np.int32]
    value: NDArray[np.float32]


def largest(values: NDArray[np.float32], *, limit: int = PEAK_LIMIT) -> NDArray[np.int64]:
    """Return where the largest of `values` [F] are, falling, at most `limit`.

    NaN never counts; of equal values the lower index comes first.
    """
    kept = _candidates(values, limit)
    if len(kept) > limit:
        smallest = np.partition(values[kept], len(kept) - limit)[len(kept) - limit]
        kept = kept[values[kept] >= smallest]
    return kept[np.argsort(-values[kept], kind="stable")[:limit]]


def _candidates(values: NDArray[np.float32], limit: int) -> NDArray[np.int64]:
    """Return where numbers stand that may be among the largest: most of a long array is not.

    A sample tells from where on there are about twice as many as are wanted, in a tenth of the
    time. Where they turn out to be too few, all are.
    """
    sample = values[::_SAMPLED]
    sample = sample[~np.isnan(sample)]
    about = -(-2 * limit // _SAMPLED)
    if len(sample) > about:
        smallest = np.partition(sample, len(sample) - about)[len(sample) - about]
        found = np.flatnonzero(values >= smallest)
        if len(found) >= limit:
            return found
    return np.flatnonzero(~np.isnan(values))


def find_peaks(
    values: NDArray[np.float32], *, offsets: NDArray[np.int64], limit: int = PEAK_LIMIT
) -> Peaks:
    """Return the largest of `values` f4 [F]; layer `l` has the filters offsets[l]..offsets[l + 1].

    Of equal values the lower layer, then the lower filter, comes first.
    """
    where = largest(values, limit=limit)
    layer = np.searchsorted(offsets, where, side="right") - 1
    return Peaks(layer.astype(np.int32), (where - offsets[layer]).astype(np.int32), values[where])
