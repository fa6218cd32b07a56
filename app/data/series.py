"""Long series at the resolution of a screen: of every pixel the first, last, least and greatest."""

from dataclasses import dataclass
from typing import Any

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

    @property
    def counts(self) -> dict[str, int]:
        """Return how many values there are, are shown, and are odd."""
        shown = len(self.iterations)
        return {"total": self.total, "shown": shown, "odd": self.odd_count}


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
    total = len(iterations)
    odd_count = total - int(np.count_nonzero(finite))
    odd = iterations[:0]
    if odd_count:
        odd = iterations[~finite]
        iterations, values = iterations[finite], values[finite]
    if len(iterations) > 4 * buckets:
        chosen = _extremes(values, _starts(iterations, ticks, buckets))
        iterations, values = iterations[chosen], values[chosen]
    if odd_count > buckets:
        odd = odd[_starts(odd, ticks, buckets)]
    return ScreenSeries(
        iterations.astype(np.int32),
        values.astype(np.float64),
        odd.astype(np.int32),
        odd_count,
        total,
    )


def put_series(
    arrays: dict[str, Any],
    key: str,
    series: tuple[NDArray[np.integer], NDArray[np.float64]],
    *,
    ticks: NDArray[np.integer],
    buckets: int = BUCKETS,
) -> ScreenSeries:
    """Reduce a series and put it into an answer: KEY.iterations i4, KEY.values f8, KEY.odd i4."""
    reduced = reduce_series(*series, ticks=ticks, buckets=buckets)
    for name in ("iterations", "values", "odd"):
        arrays[f"{key}.{name}"] = getattr(reduced, name)
    return reduced


def averages(
    iterations: NDArray[np.integer],
    values: NDArray[np.float64],
    *,
    low: int | None,
    high: int | None,
    ticks: NDArray[np.integer],
    buckets: int = BUCKETS,
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int32]]:
    """Return what a moving average of a series up to `high` is made of: means and how many each is.

    Iterations i4 (the last of each bucket, rising), means f8 and counts i4 of the finite values:
    up to `buckets` from `low` on, and as many of what came before, of which the average in view
    still holds something. Few values stand for themselves.
    """
    finite = np.isfinite(values)
    if not finite.all():
        iterations, values = iterations[finite], values[finite]
    end = len(iterations) if high is None else int(np.searchsorted(iterations, high, "right")) + 1
    iterations, values = iterations[:end], values[:end]
    cut = 0 if low is None else int(np.searchsorted(iterations, low, "left"))
    places = [
        first + _starts(iterations[first:last], ticks, buckets)
        if last - first > buckets
        else np.arange(first, last)
        for first, last in ((0, cut), (cut, len(iterations)))
    ]
    starts = np.concatenate(places).astype(np.int64)
    counts = np.diff(np.append(starts, len(iterations)))
    sums = np.add.reduceat(values, starts) if len(starts) else values
    return (
        iterations[starts + counts - 1].astype(np.int32),
        sums / counts,
        counts.astype(np.int32),
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


def _starts(
    iterations: NDArray[np.integer], ticks: NDArray[np.integer], buckets: int
) -> NDArray[np.int64]:
    """Return where each bucket begins among the iterations; empty buckets are left out."""
    inside = ticks[(ticks > iterations[0]) & (ticks < iterations[-1])]
    knots = np.concatenate([iterations[:1], inside, iterations[-1:]])
    place = np.linspace(0, len(knots) - 1, buckets + 1)[:-1]
    edges = np.interp(place, np.arange(len(knots)), knots)
    # As iterations are, whole numbers: else each of a million would be made a float first.
    whole = np.ceil(edges).astype(iterations.dtype)
    return np.unique(np.searchsorted(iterations, whole))


def _extremes(values: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places, rising, of the first, last, least and greatest value of each bucket."""
    ends = np.append(starts[1:], len(values))
    least = [a + values[a:b].argmin() for a, b in zip(starts, ends, strict=True)]
    greatest = [a + values[a:b].argmax() for a, b in zip(starts, ends, strict=True)]
    return np.unique(np.concatenate([starts, ends - 1, least, greatest]))
