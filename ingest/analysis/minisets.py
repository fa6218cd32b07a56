"""Mini-sets: the coarsest partition of a layer's filters such that every set is a union of parts.

Two filters belong together where they are in the same sets, so parts are the filters of one
signature. Paper: Liu et al., "DeepTracker", section on the correlation view; there the parts are
refined set by set, which ends in the same partition.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.correlation import TopSets
from ingest.analysis.flip_index import Ints


@dataclass(frozen=True)
class Parts:
    """The mini-sets, grouped by layer in network order, the heaviest first within a layer.

    `layer`, `size`, `sets` and `weight` i4 [P]: `sets` counts the (class, iteration) sets that hold
    the whole part (they hold all of it or nothing), `weight` is sets x size. The filters of part p,
    numbered within the layer, are filter[start[p]:start[p + 1]], rising; the places of the
    snapshots whose sets hold it are presence[presence_start[p]:presence_start[p + 1]], rising.
    """

    layer: Ints
    size: Ints
    sets: Ints
    weight: Ints
    start: Ints
    filter: Ints
    presence_start: Ints
    presence: Ints


def mini_sets(
    sets: TopSets,
    *,
    snapshot: NDArray[np.integer],
    classes: NDArray[np.integer],
    layers: NDArray[np.integer] | None = None,
) -> Parts:
    """Return the mini-sets of the sets of `snapshot` [I], distinct places in time.

    `classes` [I] says how many classes are anomalous at each: as many sets are alike. With `layers`
    only those are split. Filters that are in no set belong to no part.
    """
    place, members = sets.at(snapshot)
    if layers is not None:
        kept = np.isin(sets.layer_of(members), layers)
        place, members = place[kept], members[kept]
    filters, row = np.unique(members, return_inverse=True)
    signature = _signatures(row, place, rows=len(filters), columns=len(snapshot))
    layer = sets.layer_of(filters)
    # Filters of one signature come to stand together, rising.
    order = np.lexsort((*signature.T, layer))
    ordered, of_layer = signature[order], layer[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (of_layer[1:] != of_layer[:-1]) | (ordered[1:] != ordered[:-1]).any(axis=1)
    first = np.flatnonzero(begins)
    size = np.diff(np.append(first, len(order)))
    present = _flags(ordered[first], columns=len(snapshot))
    times = np.asarray(present @ np.asarray(classes, np.int64), np.int64)
    heaviest = np.lexsort((filters[order][first], np.negative(times * size), of_layer[first]))
    first, size = first[heaviest], size[heaviest]
    times, present = times[heaviest], present[heaviest]
    inside = _ranges(first, size)
    part_layer = of_layer[first]
    number = filters[order][inside] - sets.offsets[np.repeat(part_layer, size)]
    return Parts(
        layer=part_layer,
        size=size.astype(np.int32),
        sets=times.astype(np.int32),
        weight=(times * size).astype(np.int32),
        start=_starts(size),
        filter=number.astype(np.int32),
        presence_start=_starts(np.count_nonzero(present, axis=1)),
        presence=np.nonzero(present)[1].astype(np.int32),
    )


def _signatures(
    row: NDArray[np.integer], place: NDArray[np.integer], *, rows: int, columns: int
) -> NDArray[np.uint64]:
    """Return in which of the snapshots each filter is, as bits u8 [rows, words]."""
    words = max(1, -(-columns // 64))
    flags = np.zeros((rows, words * 64), bool)
    flags[row, place] = True
    return np.packbits(flags, axis=1, bitorder="little").view(np.uint64)


def _flags(signature: NDArray[np.uint64], *, columns: int) -> NDArray[np.bool_]:
    packed = np.ascontiguousarray(signature).view(np.uint8)
    return np.unpackbits(packed, axis=1, bitorder="little", count=columns).astype(bool)


def _ranges(first: NDArray[np.integer], size: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return first[0], first[0] + 1, ... of `size[0]` places, then those of the next, and so on."""
    shift = np.repeat(first - (np.cumsum(size) - size), size)
    return np.asarray(shift + np.arange(len(shift)), np.int64)


def _starts(size: NDArray[np.integer]) -> Ints:
    return np.concatenate([[0], np.cumsum(size)]).astype(np.int32)
