"""The flips of a run sorted for any window: by how long images were stable before, and after."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Keys = NDArray[np.signedinteger]
Lengths = NDArray[np.integer]


@dataclass(frozen=True)
class FlipIndex:
    """All flips of a run, twice: by falling `before` and by falling `after`.

    A key, i4 or i8, is `(class * snapshots + snapshot) * 2 + learned`. `open_key` holds the flips
    whose image has not flipped since, so that their `after` may still grow while the run records.

    Only observed snapshots count: where some were not validated, `snapshots` are the others, and
    `places` says which of the `run_snapshots` they are.
    """

    snapshots: int
    run_snapshots: int
    places: Ints | None  # [snapshots]; None: all were validated
    class_size: Ints  # [C]
    before: Lengths  # [n], falling, u2 where that is wide enough
    before_key: Keys  # [n]
    after: Lengths  # [n], falling, the same
    after_key: Keys  # [n]
    open_key: Keys  # [open flips], any order


def validated_snapshots(error: NDArray[np.floating]) -> NDArray[np.bool_] | None:
    """Return which snapshots were validated, [T], by the error of the classes [C, T].

    None: all were, or none.
    """
    known = (~np.isnan(error)).any(axis=0)
    return None if known.all() or not known.any() else known


def _observed(snapshot: Ints, validated: NDArray[np.bool_] | None) -> tuple[Ints, Ints | None]:
    """Return the places of flips among the validated snapshots, and these; None: all are."""
    if validated is None:
        return snapshot, None
    places = np.flatnonzero(validated).astype(np.int32)
    return np.searchsorted(places, snapshot).astype(np.int32), places


def after_lengths(snapshot: Ints, image: Ints, *, snapshots: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Return `after` i4 [n] of every flip, and whether it is cut off by the end of the log.

    Flips may come in any order; `snapshot` is the index of the snapshot, not the iteration.
    """
    order = _stable_order(image)
    if np.any(snapshot[1:] < snapshot[:-1]):  # as stored they stand in order of time
        order = _stable_order(snapshot)
        order = order[_stable_order(image[order])]
    times = snapshot[order]
    number = np.bincount(image)
    ends = np.cumsum(number[number > 0]) - 1  # the last flip of every image
    length = np.empty(len(order), dtype=np.int32)
    length[:-1] = times[1:]
    length[ends] = snapshots
    length -= times
    after = np.empty(len(order), dtype=np.int32)
    after[order] = length
    is_open = np.zeros(len(order), dtype=bool)
    is_open[order[ends]] = True
    return after, is_open


def index_window(
    flips: tuple[Ints, Ints, Ints, NDArray[np.uint8]],
    *,
    k: int,
    snapshots: int,
    image_class: Ints,
    classes: int,
    validated: NDArray[np.bool_] | None = None,
) -> FlipIndex:
    """Index the flips that reach the window `k` alone: for it, and for wider ones, all the same.

    All but `k` is as of index_flips, `flips` in order of time. It takes a
    tenth of the time: the future of a flip is the past of the image's next one, so that nothing
    but the few long ones is sorted.
    """
    snapshot, image, before, learned = flips
    run_snapshots = snapshots
    snapshot, places = _observed(snapshot, validated)
    snapshots = run_snapshots if places is None else len(places)
    small = 2 * classes * snapshots < 2**31
    of_image: Keys = image_class.astype(np.int32) if small else image_class.astype(np.int64)

    def key_of(images: Ints, at: Ints, was_learned: NDArray[np.bool_]) -> Keys:
        return (of_image[images] * snapshots + at) * 2 + was_learned

    long = np.flatnonzero(before >= k)
    past, images, held = before[long], image[long], snapshot[long]
    past_key = key_of(images, held, learned[long] != 0)
    # What began at the first snapshot was begun by no flip.
    begun = held > past
    ended = past[begun]
    ended_key = key_of(images[begun], (held - past)[begun], learned[long][begun] == 0)
    last = np.full(len(image_class), -1, np.int64)
    last[image] = np.arange(len(image))  # of several the last one stays
    still = last[last >= 0]
    open_key = key_of(image[still], snapshot[still], learned[still] != 0)
    lasting = snapshots - snapshot[still]
    reach = lasting >= k
    after = np.concatenate([ended, lasting[reach]]).astype(np.int32)
    after_key = np.concatenate([ended_key, open_key[reach]])
    by_before = _stable_order(past)[::-1]
    by_after = _stable_order(after)[::-1]
    return FlipIndex(
        snapshots=snapshots,
        run_snapshots=run_snapshots,
        places=places,
        class_size=np.bincount(image_class, minlength=classes).astype(np.int32),
        before=_short(past[by_before]),
        before_key=past_key[by_before],
        after=_short(after[by_after]),
        after_key=after_key[by_after],
        open_key=open_key,
    )


def index_flips(
    snapshot: Ints,
    image: Ints,
    before: Ints,
    learned: NDArray[np.uint8],
    *,
    snapshots: int,
    image_class: Ints,
    classes: int,
    validated: NDArray[np.bool_] | None = None,
) -> FlipIndex:
    """Sort the flips (flat arrays [n]) of a run with `image_class` i4 [N] for any window.

    `validated` [T] says which of the `snapshots` were; None: all.
    """
    run_snapshots = snapshots
    snapshot, places = _observed(snapshot, validated)
    snapshots = run_snapshots if places is None else len(places)
    after, is_open = after_lengths(snapshot, image, snapshots=snapshots)
    # Half the memory, which is what takes the time, where the keys are small enough.
    small = 2 * classes * snapshots < 2**31
    of_image: Keys = image_class.astype(np.int32) if small else image_class.astype(np.int64)
    key = of_image[image]
    key *= snapshots
    key += snapshot
    key *= 2
    key += learned != 0
    by_before = _stable_order(before)[::-1]
    by_after = _stable_order(after)[::-1]
    return FlipIndex(
        snapshots=snapshots,
        run_snapshots=run_snapshots,
        places=places,
        class_size=np.bincount(image_class, minlength=classes).astype(np.int32),
        before=_short(before[by_before]),
        before_key=key[by_before],
        after=_short(after[by_after]),
        after_key=key[by_after],
        open_key=key[is_open],
    )


def _short(falling: Ints) -> Lengths:
    """Return lengths that fall in half the memory, where the first of them allows it."""
    return falling.astype(np.uint16) if len(falling) and falling[0] <= 0xFFFF else falling


def _stable_order(values: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the stable argsort of non-negative integers; numpy's 16-bit sort is a radix sort."""
    if not len(values) or int(values.max()) <= 0xFFFF:
        return np.argsort(values.astype(np.uint16), kind="stable")
    order = np.argsort((values & 0xFFFF).astype(np.uint16), kind="stable")
    return order[np.argsort((values >> 16)[order].astype(np.uint16), kind="stable")]
