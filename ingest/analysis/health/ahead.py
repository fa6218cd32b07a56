"""What is expected of the error of each class at each snapshot, by the snapshots before it."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import chance
from ingest.analysis.health.kept import AT_ONCE, Floats, Grown

# Room for so many times the columns that sums reach back to.
_ROOM = 3


class Sums:
    """Sums over the columns before, in fixed point: exact, whatever came long before."""

    def __init__(self, rows: int, longest: int) -> None:
        # Of each column, the sum of all before it: the last ones that are reached back to.
        self._sums = np.zeros((rows, _ROOM * (longest + 1)))
        self._longest, self._end = longest, 1

    def add(self, columns: Floats, *lengths: int) -> list[Floats]:
        """Return for each length the sums of so many columns before each one added, f8 [n, k]."""
        end = self._end + columns.shape[1]
        if end > self._sums.shape[1]:
            self._shift(columns.shape[1])
            end = self._end + columns.shape[1]
        begin = self._end - 1
        added = np.rint(columns * chance.FIXED)
        added[:, :1] += self._sums[:, begin : begin + 1]
        np.cumsum(added, axis=1, out=self._sums[:, self._end : end])
        self._end = end
        return [self._over(begin, end - 1, length) for length in lengths]

    def _over(self, begin: int, end: int, length: int) -> Floats:
        """Return the sums over the `length` columns before each, or over those there are."""
        found = self._sums[:, begin:end].copy()
        short = min(max(0, length - begin), end - begin)
        found[:, short:] -= self._sums[:, begin + short - length : end - length]
        found[:, :short] -= self._sums[:, :1]
        found /= chance.FIXED
        return found

    def _shift(self, more: int) -> None:
        """Make room for so many columns more: move those that are still needed to the front."""
        needed = self._sums[:, max(0, self._end - self._longest - 1) : self._end]
        kept = needed.shape[1]
        room = np.zeros((len(needed), max(self._sums.shape[1], kept + more)))
        room[:, :kept] = needed
        self._sums, self._end = room, kept


def mean_of_classes(values: Floats) -> Floats:
    """Return the mean of what is known of each column of [C, T], f8 [T]; NaN where nothing is."""
    known = ~np.isnan(values)
    total, number = chance.sum_of_classes(np.where(known, values, 0.0)), known.sum(axis=0)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


class Ahead:
    """What is usual of classes and what most do at a time, computed of new snapshots alone.

    `window` and `long` are the snapshots before that tell, `size` [C] the images of the classes.
    `above` i8 [C] counts the snapshots at which a class lies the threshold above its level.
    """

    def __init__(self, window: int, long: int, size: NDArray[np.integer], threshold: float) -> None:
        self._lengths, self._size, self._threshold = (window, long), size, threshold
        self._level, self._dispersion = Grown(), Grown()
        self._shift, self._swings, self._at_all = Grown(), Grown(), Grown()
        self._errors, self._known = (Sums(len(size), max(window, long)) for _ in range(2))
        self._steps, self._most = (Sums(len(size), 4 * window) for _ in range(2))
        self.above = np.zeros(len(size), np.int64)

    @property
    def level(self) -> Floats:
        """Return the mean error over the window before, or over the long one, f8 [C, T]."""
        return self._level.whole

    @property
    def dispersion(self) -> Floats:
        """Return how much each class swings, as of chance, f8 [C, T]."""
        return self._dispersion.whole

    @property
    def shift(self) -> Floats:
        """Return by how much the log odds of most classes are above their level, f8 [T]."""
        return self._shift.whole

    @property
    def swings(self) -> Floats:
        """Return the dispersion that most classes show at that very time, f8 [T]."""
        return self._swings.whole

    @property
    def level_of_all(self) -> Floats:
        """Return the mean level of the classes that have one, f8 [T]; NaN: none has."""
        return self._at_all.whole

    def extend(self, error: Floats) -> None:
        """Take the errors of the classes, f8 [C, T], of which the first ones are known."""
        first, last = self._level.length, error.shape[1]
        if first == last and first:
            return
        # Of new columns some at a time, for the memory: each says the same however many come.
        step = max(1, AT_ONCE // max(1, len(error)))
        if not first:
            for grown in (self._level, self._dispersion, self._shift, self._swings, self._at_all):
                grown.reserve(last)
        for begin in range(first, max(last, first + 1), step):
            self._add(error[:, begin : begin + step])

    def _add(self, new: Floats) -> None:
        level, long = self._means(new)
        # What came down a moment ago has not been learned by then: its past counts too.
        expected = np.fmax(level, long)
        steps, most = chance.swings(new, level)
        length = 4 * self._lengths[0]
        [swung], [could] = self._steps.add(steps, length), self._most.add(most, length)
        shift = chance.common_shift(new, expected, self._size)
        at_all = chance.swing_now(new, chance.shifted(expected, shift, self._size))
        self._level.append(expected)
        self._dispersion.append(chance.dispersion(level, swung, could))
        self._shift.append(shift)
        self._swings.append(at_all)
        self._at_all.append(mean_of_classes(expected))
        with np.errstate(invalid="ignore"):
            self.above += np.count_nonzero(new - expected >= self._threshold, axis=1)

    def _means(self, error: Floats) -> list[Floats]:
        """Return the mean of the errors before, over both windows; NaN below three of them."""
        known = np.isfinite(error)
        totals = self._errors.add(np.where(known, error, 0.0), *self._lengths)
        numbers = self._known.add(known.astype(np.float64), *self._lengths)
        return [
            np.where(number >= min(3, length), total / np.maximum(number, 1), np.nan)
            for total, number, length in zip(totals, numbers, self._lengths, strict=True)
        ]
