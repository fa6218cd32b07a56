"""Robust statistics of series: what is usual, and how far beyond it a value is.

Medians and median absolute deviations (MAD), so that what is looked for does not hide itself.
1.4826 MAD estimates the standard deviation of a normal distribution (Hampel, "The Influence Curve
and its Role in Robust Estimation", JASA 1974).
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health.kept import Floats, Kept

MAD_TO_STD = 1.4826
MOST = 25
# Windows over more values than this are looked at series by series, for the memory.
_MUCH = 1_000_000


def window(snapshots: int, *, share: float = 0.05, least: int = 5) -> int:
    """Return the snapshots over which "usual" is judged: a share of the run, `least` to MOST.

    More than MOST make a median no better, and what was usual long ago no longer is.
    """
    return min(max(least, round(share * snapshots)), MOST)


def before(values: Floats, length: int) -> NDArray[np.float64]:
    """Return for each column of [..., T] the `length` values ahead of it, f8 [..., T, length].

    Where there are fewer, and for what is not finite, NaN.
    """
    padding = np.full((*values.shape[:-1], length), np.nan)
    clean = np.where(np.isfinite(values), values, np.nan)
    padded = np.concatenate([padding, clean], axis=-1)
    return np.lib.stride_tricks.sliding_window_view(padded, length, axis=-1)[..., :-1, :]


def quiet_median(values: Floats, *, axis: int = -1) -> Floats:
    """Return the median of what is not NaN; NaN, without a warning, where nothing is."""
    return _middle_of(np.sort(np.moveaxis(values, axis, -1), axis=-1))  # NaN last


def _middle_of(ordered: Floats) -> Floats:
    """Return the median of what is not NaN of sorted [..., n], f8 [...]; NaN where nothing is."""
    number = ordered.shape[-1]
    if not number:
        return np.full(ordered.shape[:-1], np.nan)
    found = _middle(ordered[..., (number - 1) // 2], ordered[..., number // 2])
    # Most often few have gaps: those at the beginning of a run.
    gaps = np.isnan(ordered[..., -1])
    if gaps.any():
        some = ordered[gaps]
        known = np.count_nonzero(~np.isnan(some), axis=-1)
        row = np.arange(len(some))
        low, high = some[row, np.maximum(0, (known - 1) // 2)], some[row, known // 2]
        found[gaps] = np.where(known > 0, _middle(low, high), np.nan)
    return found


def _middle(low: Floats, high: Floats) -> Floats:
    """Return what lies between two numbers, of any size; NaN between -Inf and Inf."""
    apart = np.isinf(low) & (low != high) & np.isinf(high)
    return np.asarray(np.where(apart, np.nan, low) / 2 + high / 2)


def quiet_mean(values: Floats, *, axis: int = -1) -> Floats:
    """Return the mean of what is not NaN; NaN, without a warning, where nothing is."""
    known = ~np.isnan(values)
    number = np.count_nonzero(known, axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis, dtype=np.float64)
    return np.asarray(np.where(number > 0, total / np.maximum(number, 1), np.nan))


def usual(values: Floats, length: int) -> Floats:
    """Return the median of the `length` values ahead of each, f8 [..., T]; NaN below 3 of them."""
    if values.size * length > _MUCH and values.ndim > 1:
        return _by_rows(lambda part: usual(part, length), values)
    ordered = np.sort(before(values, length), axis=-1)  # NaN last
    enough = ~np.isnan(ordered[..., min(3, length) - 1])
    return np.where(enough, _middle_of(ordered), np.nan)


def usual_kept(kept: Kept, name: str, values: Floats, length: int) -> Floats:
    """Return `usual` of values [..., T] of a run that is followed, by name; not to be written."""
    return kept.columns(
        f"usual {name}", length, values, lambda part: usual(part, length), reach=length
    )


def noise_kept(kept: Kept, name: str, values: Floats, length: int, *, floor: float) -> Floats:
    """Return `noise` of values [..., T] of a run that is followed, by name; not to be written."""
    return kept.columns(
        f"noise {name}",
        (length, floor),
        values,
        lambda part: noise(part, length, floor=floor),
        reach=length + 1,
    )


def _by_rows(compute: Callable[[Floats], Floats], values: Floats) -> Floats:
    """Compute for each series of [n, T]."""
    found = np.empty(values.shape)
    for row, series in enumerate(values):
        found[row] = compute(series)
    return found


def noise(values: Floats, length: int, *, floor: float) -> Floats:
    """Return the usual size of a step of each series ahead of each column, f8 [..., T].

    1.4826 times the median |step| over the last `length` steps, at least `floor`.
    """
    if values.size * length > _MUCH and values.ndim > 1:
        return _by_rows(lambda part: noise(part, length, floor=floor), values)
    steps = sizes_of_steps(values)
    found = MAD_TO_STD * quiet_median(before(steps, length))
    return np.maximum(np.where(np.isnan(found), floor, found), floor)


def sizes_of_steps(values: Floats) -> Floats:
    """Return how far each value of [..., T] is from the one before, f8; NaN where either is no
    finite number, and for the first.
    """
    finite = np.where(np.isfinite(values), values, np.nan)
    return np.abs(np.diff(finite, axis=-1, prepend=np.nan))


def log10(values: Floats) -> Floats:
    """Return log10 of values of any shape, f8; NaN where they are not above 0 and finite."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.log10(np.where(values > 0, values, np.nan))
    return np.where(np.isfinite(found), found, np.nan)


def smooth(values: Floats, length: int) -> Floats:
    """Return the median of the `length` values up to and with each, f8 [..., T]."""
    if values.size * length > _MUCH and values.ndim > 1:
        return _by_rows(lambda part: smooth(part, length), values)
    more = np.full((*values.shape[:-1], 1), np.nan)
    past = before(np.concatenate([values, more], axis=-1), length)
    return quiet_median(past[..., 1:, :])


def stretches(flag: NDArray[np.bool_] | np.bool_, *, gap: int = 0) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of each run of True in [T]; runs apart by at most `gap` are one."""
    places = np.flatnonzero(flag)
    if not len(places):
        return
    breaks = np.flatnonzero(np.diff(places) > gap + 1)
    for part in np.split(places, breaks + 1):
        yield int(part[0]), int(part[-1])


def left(values: Floats, first: int, *, before: float, after: float) -> int:
    """Return where, from `first` on, a series [T] has gone a quarter of its way to `after`.

    What lasts is seen from a little ahead of where it began; `first` where that is never reached.
    """
    with np.errstate(invalid="ignore"):
        gone = np.flatnonzero(values[first:] - before >= (after - before) / 4)
    return first + int(gone[0]) if len(gone) else first


def last_iteration(iteration: NDArray[np.integer], last: int) -> int | None:
    """Return the iteration at which a stretch ended, None where it lasts to the last snapshot."""
    return None if last >= len(iteration) - 1 else int(iteration[last])
