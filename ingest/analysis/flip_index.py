"""The flips of a run sorted for any window: by stable past and by stable future."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class FlipIndex:
    """All flips of a run, twice: by falling `before` and by falling `after`.

    A key is `(class * snapshots + snapshot) * 2 + learned`. `open_key` holds the flips whose
    image has not flipped since, so that their `after` may still grow while the run records.
    """

    snapshots: int
    class_size: Ints  # [C]
    before: Ints  # [n], falling
    before_key: NDArray[np.int64]  # [n]
    after: Ints  # [n], falling
    after_key: NDArray[np.int64]  # [n]
    open_key: NDArray[np.int64]  # [open flips], any order


def after_lengths(snapshot: Ints, image: Ints, *, snapshots: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Return `after` i4 [n] of every flip, and whether it is cut off by the end of the log.

    Flips may come in any order; `snapshot` is the index of the snapshot, not the iteration.
    """
    order = _stable_order(snapshot)
    order = order[_stable_order(image[order])]
    times, images = snapshot[order].astype(np.int64), image[order]
    following = np.full(len(order), snapshots, dtype=np.int64)
    same = images[1:] == images[:-1]
    following[:-1][same] = times[1:][same]
    ends = np.ones(len(order), dtype=bool)
    ends[:-1] = ~same
    after = np.empty(len(order), dtype=np.int32)
    is_open = np.empty(len(order), dtype=bool)
    after[order] = following - times
    is_open[order] = ends
    return after, is_open


def index_flips(
    snapshot: Ints,
    image: Ints,
    before: Ints,
    learned: NDArray[np.uint8],
    *,
    snapshots: int,
    image_class: Ints,
    classes: int,
) -> FlipIndex:
    """Sort the flips (flat arrays [n]) of a run with `image_class` i4 [N] for any window."""
    after, is_open = after_lengths(snapshot, image, snapshots=snapshots)
    key = (image_class[image].astype(np.int64) * snapshots + snapshot) * 2 + (learned != 0)
    by_before = _stable_order(before)[::-1]
    by_after = _stable_order(after)[::-1]
    return FlipIndex(
        snapshots=snapshots,
        class_size=np.bincount(image_class, minlength=classes).astype(np.int32),
        before=before[by_before],
        before_key=key[by_before],
        after=after[by_after],
        after_key=key[by_after],
        open_key=key[is_open],
    )


def _stable_order(values: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the stable argsort of non-negative integers; numpy's 16-bit sort is a radix sort."""
    low: Callable[[NDArray[np.integer]], NDArray[np.int64]] = lambda part: np.argsort(  # noqa: E731
        part.astype(np.uint16), kind="stable"
    )
    order = low(values & 0xFFFF)
    if len(values) and int(values.max()) > 0xFFFF:
        order = order[low((values >> 16)[order])]
    return order
