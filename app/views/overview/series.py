"""Long series at the resolution of a screen: of every pixel the first, last, least and greatest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1_024


@dataclass(frozen=True)
class ScreenSeries:
    """What a screen needs of a series of `total` values.

    `iterations` i4 and `values` f8 are rising in iteration, finite, and hold of each bucket its
    first, last, least and greatest value; `odd` i4 has the first iteration of each bucket whose
    value is NaN or infinite, `odd_count` says how many there are in all.
    """

    iterations: NDArray[np.int32]
    values: NDArray[np.float64]
    odd: NDArray[np.int32]
    odd_count: int
    total: int


def reduce_series(
    iterations: NDArray[np.integer],
    values: NDArray[np.float64],
    *,
    ticks: NDArray[np.integer],
    buckets: int = BUCKETS,
) -> ScreenSeries:
    """Reduce a series with rising iterations [n] and values [n], NaN and Inf allowed.

    `ticks` are the iterations of the snapshots: buckets are equal parts of the screen, on which
    the snapshots stand at equal distances.
    """
    finite = np.isfinite(values)
    kept_at, kept = iterations[finite], values[finite]
    odd_at = iterations[~finite]
    if len(kept_at) > 4 * buckets:
        chosen = _extremes(_bucket(kept_at, ticks, buckets), kept)
        kept_at, kept = kept_at[chosen], kept[chosen]
    odd = odd_at
    if len(odd_at) > buckets:
        odd = odd_at[_starts(_bucket(odd_at, ticks, buckets))]
    return ScreenSeries(
        kept_at.astype(np.int32),
        kept.astype(np.float64),
        odd.astype(np.int32),
        len(odd_at),
        len(iterations),
    )


def within(
    iterations: NDArray[np.integer],
    values: NDArray[np.float64],
    *,
    low: int | None,
    high: int | None,
) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
    """Return the part in low..high and one value beyond each end, so that lines go on."""
    first = 0 if low is None else max(0, int(np.searchsorted(iterations, low, "left")) - 1)
    last = len(iterations)
    if high is not None:
        last = min(last, int(np.searchsorted(iterations, high, "right")) + 1)
    return iterations[first:last], values[first:last]


def _bucket(
    iterations: NDArray[np.integer], ticks: NDArray[np.integer], buckets: int
) -> NDArray[np.int64]:
    """Return the bucket 0..buckets-1 of each iteration, rising."""
    inside = ticks[(ticks >= iterations[0]) & (ticks <= iterations[-1])]
    knots = np.unique(np.concatenate([iterations[:1], inside, iterations[-1:]]))
    place = np.interp(iterations, knots, np.arange(len(knots)))
    return np.minimum(place / max(1, len(knots) - 1) * buckets, buckets - 1).astype(np.int64)


def _starts(bucket: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.diff(bucket, prepend=-1))


def _extremes(bucket: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places, rising, of the first, last, least and greatest value of each bucket."""
    starts = _starts(bucket)
    counts = np.diff(starts, append=len(bucket))
    chosen = [starts, starts + counts - 1]
    for extreme in (np.minimum, np.maximum):
        wanted = np.repeat(extreme.reduceat(values, starts), counts)
        places = np.flatnonzero(values == wanted)
        chosen.append(places[_starts(bucket[places])])
    return np.unique(np.concatenate(chosen))
