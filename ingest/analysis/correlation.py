"""Which filters changed most at the iterations where classes are anomalous: sets, and their grid.

The set of (layer, class, iteration) holds the filters of the layer that are among the K most
changed of that iteration. It does not depend on the class: classes that are anomalous at the same
iteration share it. So sets are kept by snapshot, and a class is a list of snapshots.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.anomalies import Anomalies, Cells
from ingest.analysis.flip_index import Ints
from ingest.analysis.threads import one_thread

LEFT, RIGHT = 1, 2
_WORD = 64
# Words of bit sets that are held at once, 32 MB.
_AT_ONCE = 2**22


@dataclass(frozen=True)
class TopSets:
    """The most changed filters of every snapshot of a run, the most changed first.

    Those of snapshot t are filter[start[t]:start[t + 1]], numbered over the whole network: layer
    `l` has the filters offsets[l]..offsets[l + 1] - 1. `start` i8 [T + 1], `offsets` i8 [L + 1].
    """

    start: NDArray[np.int64]
    filter: Ints
    offsets: NDArray[np.int64]

    @property
    def snapshots(self) -> int:
        """Return T."""
        return len(self.start) - 1

    @property
    def layers(self) -> int:
        """Return L."""
        return len(self.offsets) - 1

    def layer_of(self, filters: NDArray[np.integer]) -> Ints:
        """Return the layer of each filter."""
        return (np.searchsorted(self.offsets, filters, side="right") - 1).astype(np.int32)

    def cut(self, limit: int) -> "TopSets":
        """Return the first `limit` filters of each snapshot (all where there are fewer)."""
        size = np.minimum(np.diff(self.start), limit)
        start = np.concatenate([[0], np.cumsum(size)])
        rank = np.arange(len(self.filter)) - np.repeat(self.start[:-1], np.diff(self.start))
        return TopSets(start, self.filter[rank < limit], self.offsets)

    def at(self, snapshots: NDArray[np.integer]) -> tuple[NDArray[np.int64], Ints]:
        """Return the members of chosen snapshots [I]: place 0..I-1 and filter, each [n]."""
        size = np.diff(self.start)[snapshots]
        place = np.repeat(np.arange(len(snapshots)), size)
        first = np.repeat(self.start[snapshots] - (np.cumsum(size) - size), size)
        return place, self.filter[first + np.arange(len(place))]

    def holds(self, snapshots: NDArray[np.integer]) -> Ints:
        """Return how many filters of each layer are in the sets of chosen snapshots, [I, L]."""
        place, members = self.at(snapshots)
        key = place * self.layers + self.layer_of(members)
        count = np.bincount(key, minlength=len(snapshots) * self.layers)
        return count.astype(np.int32).reshape(len(snapshots), self.layers)


@dataclass(frozen=True)
class Moments:
    """When classes are anomalous: one row per (class, snapshot), rising by class, then snapshot.

    `side` is LEFT (was stable, then flipped), RIGHT (flipped, then stable), or both of their bits;
    `images` i4 counts the flips of the larger side.
    """

    class_id: Ints
    snapshot: Ints
    side: NDArray[np.uint8]
    images: Ints

    def keep(self, rows: NDArray[np.bool_]) -> "Moments":
        """Return the chosen rows."""
        return Moments(*(column[rows] for column in vars(self).values()))


def find_moments(anomalies: Anomalies) -> Moments:
    """Return where left or right reaches the threshold; what is pending does not count."""
    parts = ((anomalies.left, LEFT), (anomalies.right, RIGHT))
    cells = [cells for cells, _ in parts]
    class_id = np.concatenate([one.class_id for one in cells]).astype(np.int64)
    snapshot = np.concatenate([one.snapshot for one in cells])
    side = np.repeat([bit for _, bit in parts], [len(one.class_id) for one in cells])
    snapshots = max(1, len(anomalies.overall_left))
    keys, where = np.unique(class_id * snapshots + snapshot, return_inverse=True)
    images = np.zeros(len(keys), np.int32)
    np.maximum.at(images, where, np.concatenate([_images(one) for one in cells]))
    return Moments(
        (keys // snapshots).astype(np.int32),
        (keys % snapshots).astype(np.int32),
        np.bincount(where, weights=side, minlength=len(keys)).astype(np.uint8),
        images,
    )


def _images(cells: Cells) -> Ints:
    return cells.forgotten + cells.learned


def returning(moments: Moments, *, least: int = 2) -> Moments:
    """Return the moments of the classes that have at least `least` of them."""
    count = np.bincount(moments.class_id, minlength=1)
    return moments.keep(count[moments.class_id] >= least)


@dataclass(frozen=True)
class Grid:
    """The sets by layer and class.

    Rows are the layers `layer` i4 [R] that hold any, columns the classes `class_id` i4 [C]. The
    moments of column c are class_start[c]..class_start[c + 1] - 1 of the Moments it was made of;
    `place` i4 [S] is each one's place in `snapshot` i4 [I]. `holds` i4 [R, I] are the sizes of the
    sets; `count` i4 [R, C] the distinct filters, `sets` the sets that hold any, `members` the sum
    of their sizes.
    """

    layer: Ints
    class_id: Ints
    snapshot: Ints
    class_start: NDArray[np.int64]
    place: Ints
    holds: Ints
    count: Ints
    sets: Ints
    members: Ints


def find_grid(sets: TopSets, moments: Moments) -> Grid:
    """Return the grid of the classes that `moments` speaks of, and of the layers they touch."""
    class_id, first = np.unique(moments.class_id, return_index=True)
    class_start = np.concatenate([first, [len(moments.class_id)]]).astype(np.int64)
    snapshot, place = np.unique(moments.snapshot, return_inverse=True)
    holds = sets.holds(snapshot)
    layer = np.flatnonzero(holds.any(axis=0))
    holds = holds[:, layer]
    has = at_moments(place, class_start, snapshots=len(snapshot))
    return Grid(
        layer=layer.astype(np.int32),
        class_id=class_id,
        snapshot=snapshot,
        class_start=class_start,
        place=place.astype(np.int32),
        holds=np.ascontiguousarray(holds.T),
        count=_distinct(sets, snapshot, layer, place, class_start),
        sets=totals(has, holds > 0),
        members=totals(has, holds),
    )


def at_moments(
    place: NDArray[np.integer], class_start: NDArray[np.int64], *, snapshots: int
) -> NDArray[np.float32]:
    """Return 1 where a class has a moment at a snapshot, f4 [C, I]: exact in sums below 2**24."""
    has = np.zeros((len(class_start) - 1, snapshots), np.float32)
    has[np.repeat(np.arange(len(has)), np.diff(class_start)), place] = 1
    return has


def totals(has: NDArray[np.float32], values: NDArray[np.generic]) -> Ints:
    """Return the sum of `values` [I, R] over the moments of each class, i4 [R, C]."""
    with one_thread():
        return np.rint(values.T.astype(np.float32) @ has.T).astype(np.int32)


def _distinct(
    sets: TopSets,
    snapshot: Ints,
    layer: NDArray[np.int64],
    place: NDArray[np.integer],
    class_start: NDArray[np.int64],
) -> Ints:
    """Return the distinct filters of each layer in the sets of each class, i4 [R, C].

    A snapshot is a set of bits, those of a layer in words of their own; a class is the union of
    its snapshots. So the time does not depend on K.
    """
    count = np.zeros((len(layer), len(class_start) - 1), np.int32)
    if not count.size:
        return count
    bits, word_layer = _bits(sets, snapshot, layer)
    step = max(1, _AT_ONCE // bits.shape[1])
    first = 0
    while first < count.shape[1]:
        # As many classes as fit in memory, at least one.
        last = int(np.searchsorted(class_start, class_start[first] + step, side="right")) - 1
        last = min(max(last, first + 1), count.shape[1])
        begin, end = class_start[first], class_start[last]
        union = np.bitwise_or.reduceat(
            bits[place[begin:end]], class_start[first:last] - begin, axis=0
        )
        number = np.bitwise_count(union).astype(np.int32)
        count[:, first:last] = np.add.reduceat(number, word_layer, axis=1).T
        first = last
    return count


def _bits(
    sets: TopSets, snapshot: Ints, layer: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return each snapshot as bits u8 [I, W], and the first word of each of the layers [R]."""
    place, members = sets.at(snapshot)
    touched, which = np.unique(members, return_inverse=True)
    layer_of = sets.layer_of(touched)
    number = np.bincount(layer_of, minlength=sets.layers)[layer]
    words = -(-number // _WORD)
    word_start = np.cumsum(words) - words
    row = np.searchsorted(layer, layer_of)
    inside = np.arange(len(touched)) - (np.cumsum(number) - number)[row]
    at = word_start[row] * _WORD + inside
    flags = np.zeros((len(snapshot), int(words.sum()) * _WORD), bool)
    flags[place, at[which]] = True
    packed = np.packbits(flags, axis=1, bitorder="little")
    return np.ascontiguousarray(packed).view(np.uint64), word_start
