"""What is expected of the error of each class at each snapshot, by the snapshots before it."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import chance
from ingest.analysis.health.kept import Floats, Grown


class Ahead:
    """What is usual of classes and what most do at a time, computed of new snapshots alone.

    `above` i8 [C] counts the snapshots at which a class lies the threshold above its level.
    """

    def __init__(self, window: int, long: int, size: NDArray[np.integer], threshold: float) -> None:
        self._window, self._long, self._size, self._threshold = window, long, size, threshold
        self._level, self._dispersion = Grown(), Grown()
        self._shift, self._swings = Grown(), Grown()
        self._steps = np.empty((2, len(size), 0))
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

    def extend(self, error: Floats) -> None:
        """Take the errors of the classes, f8 [C, T], of which the first ones are known."""
        done = self._level.length
        if done == error.shape[1] and done:
            return
        # One more than needed: sums over a single column are rounded otherwise.
        first = max(0, done - max(self._window, self._long) - 1)
        part, new = error[:, first:], slice(max(0, done - first - 1), None)
        level = chance.mean_before(part, self._window)[:, new]
        # What came down a moment ago has not been learned by then: its past counts too.
        long = np.fmax(level, chance.mean_before(part, self._long)[:, new])
        part, again = part[:, new], int(done > 0)
        dispersion = self._dispersion_of(part, level, again)
        shift = chance.common_shift(part, long, self._size)
        expected = chance.shifted(long, shift, self._size)
        for known, found in (
            (self._level, long),
            (self._dispersion, dispersion),
            (self._shift, shift),
            (self._swings, chance.swing_now(part, expected)),
        ):
            known.append(found[..., again:])
        with np.errstate(invalid="ignore"):
            above = part[:, again:] - long[:, again:] >= self._threshold
        self.above += np.count_nonzero(above, axis=1)

    def _dispersion_of(self, error: Floats, level: Floats, again: int) -> Floats:
        """Return the dispersion of columns, the first of which was there before where `again`."""
        before = self._steps[..., : self._steps.shape[-1] - again]
        steps = np.concatenate([before, np.stack(chance.swings(error, level))], axis=-1)
        length = 4 * self._window
        self._steps = steps[..., -length - 1 :]
        swung, could = chance.sum_before(steps, length)[..., before.shape[-1] :]
        return chance.dispersion(level, swung, could)
