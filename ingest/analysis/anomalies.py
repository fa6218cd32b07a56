"""Where many stable images flip at once: left and right counts for any window and threshold.

The whole is two scatters over one flat array of flips. `FlipIndex` keeps the flips sorted by
their stable length, so that a window `k` touches only the flips that reach it.
"""

from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.flip_index import FlipIndex, Ints, Keys, Lengths

FORGOTTEN, LEARNED = 0, 1
DIRECTIONS = ("both", "forgotten", "learned")
WINDOW_SHARE = 0.055
THRESHOLD_SHARE = 0.1


def default_window(snapshots: int) -> int:
    """Return the window `k`, in snapshots, that a run of this length starts with."""
    return max(2, round(WINDOW_SHARE * snapshots))


def default_threshold(class_size: NDArray[np.integer]) -> int:
    """Return the threshold `m`, in images, for classes of these sizes [C] (empty ones aside)."""
    present = class_size[class_size > 0]
    return max(2, round(THRESHOLD_SHARE * float(np.median(present)))) if len(present) else 2


@dataclass(frozen=True)
class Cells:
    """The cells (class, snapshot) that reach a threshold, with both directions; i4, one length."""

    class_id: Ints
    snapshot: Ints
    forgotten: Ints
    learned: Ints


@dataclass(frozen=True)
class Anomalies:
    """What stands out for one window and threshold.

    `left` and `right` are the anomalous cells of classes; `pending` the cells near the live end
    that would join `right` if nothing flips back. `overall_*` are the counts of the whole
    validation set, i4 [T, 2] (forgotten, learned), at every snapshot and without threshold.
    `pending_from` is the first snapshot whose right value is not final.
    """

    left: Cells
    right: Cells
    pending: Cells
    overall_left: Ints
    overall_right: Ints
    pending_from: int


@dataclass(frozen=True)
class IterationTable:
    """One row for every snapshot and side with an anomalous class or whole set; columns [rows].

    `right` is False for "was stable, then flipped", True for "flipped, then stable". `images`,
    `forgotten` and `learned` count over the whole validation set; `largest` is the highest count
    of a single class and `largest_class` its class (-1: only the whole set is anomalous).
    """

    snapshot: Ints
    right: NDArray[np.bool_]
    classes: Ints
    forgotten: Ints
    learned: Ints
    images: Ints
    largest: Ints
    largest_class: Ints
    whole_set: NDArray[np.bool_]


def counts(index: FlipIndex, *, k: int) -> tuple[Ints, Ints]:
    """Return left and right, each i4 [C, T, 2]: class, snapshot, (forgotten, learned)."""
    shape = (len(index.class_size), index.snapshots, 2)
    return tuple(  # type: ignore[return-value]
        np.bincount(keys, minlength=int(np.prod(shape))).astype(np.int32).reshape(shape)
        for keys in (
            _reaching(index.before, index.before_key, k),
            _reaching(index.after, index.after_key, k),
        )
    )


def find_anomalies(
    index: FlipIndex,
    *,
    k: int,
    m: float,
    share: bool = False,
    direction: str = "both",
    live: bool = False,
) -> Anomalies:
    """Return the cells that reach `m` images (or, with `share`, `m` of the class's size, 0..1).

    `direction` keeps one kind of flip. `live` says that the run still records: only then are
    right values pending.
    """
    if k < 1 or direction not in DIRECTIONS:
        raise ValueError(f"window {k} must be at least 1, direction one of {DIRECTIONS}")
    needed = thresholds(index.class_size, m=m, share=share)
    snapshots = index.snapshots
    pending_from = max(0, snapshots - k + 1) if live else snapshots
    open_keys = index.open_key[(index.open_key // 2) % max(1, snapshots) >= pending_from]
    (left, overall_left), (right, overall_right), (pending, _) = (
        _scatter(_of_direction(keys, direction), needed, snapshots)
        for keys in (
            _reaching(index.before, index.before_key, k),
            _reaching(index.after, index.after_key, k),
            open_keys,
        )
    )
    found = Anomalies(left, right, pending, overall_left, overall_right, pending_from)
    return found if index.places is None else _among_all(found, index.places, index.run_snapshots)


def _among_all(found: Anomalies, places: Ints, snapshots: int) -> Anomalies:
    """Return what was found among the validated snapshots at their places in the run."""

    def moved(cells: Cells) -> Cells:
        return replace(cells, snapshot=places[cells.snapshot])

    def spread(overall: Ints) -> Ints:
        whole = np.zeros((snapshots, 2), np.int32)
        whole[places] = overall
        return whole

    at = found.pending_from
    return Anomalies(
        moved(found.left),
        moved(found.right),
        moved(found.pending),
        spread(found.overall_left),
        spread(found.overall_right),
        int(places[at]) if at < len(places) else snapshots,
    )


def thresholds(class_size: Ints, *, m: float, share: bool) -> Ints:
    """Return the number of images [C] that makes each class anomalous, at least 1."""
    # The small slack keeps a share such as 0.1 of 50 from asking for 6 images.
    needed = np.ceil(class_size * m - 1e-9) if share else np.full(len(class_size), np.ceil(m))
    return np.maximum(1, needed).astype(np.int32)


def overall_threshold(class_size: Ints, *, m: float, share: bool) -> int:
    """Return the images that make the whole set anomalous: the share that `m` is of a class.

    `m` images of a median class are the same share of all images; without this, `m` images of
    50,000 would mark nearly every snapshot.
    """
    present = class_size[class_size > 0]
    if not len(present):
        return 1
    part = m if share else m / float(np.median(present))
    return max(1, int(np.ceil(part * int(class_size.sum()) - 1e-9)))


def iteration_table(anomalies: Anomalies, *, whole_set: int) -> IterationTable:
    """Return the anomalous iterations in order of time, left before right.

    `whole_set` is the number of images from which the validation set itself is anomalous.
    """
    sides = [
        _side_rows(anomalies.left, anomalies.overall_left, whole_set, right=False),
        _side_rows(anomalies.right, anomalies.overall_right, whole_set, right=True),
    ]
    joined = {name: np.concatenate([side[name] for side in sides]) for name in sides[0]}
    order = np.lexsort((joined["right"], joined["snapshot"]))
    return IterationTable(**{name: column[order] for name, column in joined.items()})


def _side_rows(
    cells: Cells, overall: Ints, whole_set: int, *, right: bool
) -> dict[str, NDArray[np.generic]]:
    snapshots = len(overall)
    size = cells.forgotten + cells.learned
    classes = np.bincount(cells.snapshot, minlength=snapshots)
    largest = np.zeros(snapshots, dtype=np.int32)
    largest_class = np.full(snapshots, -1, dtype=np.int32)
    # Of equal counts the lowest class wins: it is written last.
    order = np.lexsort((-cells.class_id, size))
    largest[cells.snapshot[order]] = size[order]
    largest_class[cells.snapshot[order]] = cells.class_id[order]
    total = overall.sum(axis=1)
    whole = total >= whole_set
    rows = np.flatnonzero((classes > 0) | whole)
    return {
        "snapshot": rows.astype(np.int32),
        "right": np.full(len(rows), right),
        "classes": classes[rows].astype(np.int32),
        "forgotten": overall[rows, FORGOTTEN],
        "learned": overall[rows, LEARNED],
        "images": total[rows].astype(np.int32),
        "largest": largest[rows],
        "largest_class": largest_class[rows],
        "whole_set": whole[rows],
    }


def _reaching(length: Lengths, key: Keys, k: int) -> Keys:
    """Return the keys whose length, falling, is at least `k`: a prefix."""
    # numpy's own search would copy the three million lengths first.
    return key[: bisect_left(length, True, key=lambda one: one < k)]


def _of_direction(key: Keys, direction: str) -> Keys:
    if direction == "both":
        return key
    return key[(key & 1) == (LEARNED if direction == "learned" else FORGOTTEN)]


def _scatter(key: Keys, needed: Ints, snapshots: int) -> tuple[Cells, Ints]:
    """Return the cells that reach `needed` [C], and the counts of the whole set i4 [T, 2]."""
    size = 2 * len(needed) * snapshots
    # Few flips reach a wide window: sorting them is then cheaper than walking every cell.
    if size > 4 * len(key):
        ids, number = np.unique(key >> 1, return_counts=True)
        learned = _count_at((key[(key & 1) == LEARNED]) >> 1, ids)
        both = np.stack([number - learned, learned], axis=1)
        overall = np.bincount(key % max(1, 2 * snapshots), minlength=2 * snapshots)
    else:
        dense = np.bincount(key, minlength=size).reshape(-1, 2)
        overall = dense.reshape(len(needed), 2 * snapshots).sum(axis=0)
        ids = np.flatnonzero(dense[:, 0] + dense[:, 1])
        both = dense[ids]
    keep = both[:, 0] + both[:, 1] >= needed[ids // max(1, snapshots)]
    ids, both = ids[keep], both[keep].astype(np.int32)
    cells = Cells(
        class_id=(ids // max(1, snapshots)).astype(np.int32),
        snapshot=(ids % max(1, snapshots)).astype(np.int32),
        forgotten=both[:, FORGOTTEN],
        learned=both[:, LEARNED],
    )
    return cells, overall.astype(np.int32).reshape(snapshots, 2)


def _count_at(cell: Keys, ids: Keys) -> NDArray[np.int64]:
    """Return how often each of the rising `ids`, all that occur, stands in `cell`."""
    return np.bincount(np.searchsorted(ids, cell), minlength=len(ids))
