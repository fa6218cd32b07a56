"""A curve in letters: dots of Braille, of each column its lowest and highest value."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deeptracker.terminal.shown import Curve

# The bits of the dots of one letter, by row and column.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_EMPTY = 0x2800
_NOT_FINITE = "×"
# From this ratio of highest to lowest on a loss is drawn by its logarithm.
LOGARITHMIC = 50.0


class Scale:
    """The values at the lower and upper edge, and whether between them runs the logarithm."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        values = np.concatenate([curve.values for curve in curves]) if curves else np.zeros(0)
        finite = values[np.isfinite(values)]
        self.low: float = finite.min() if len(finite) else 0.0
        self.high: float = finite.max() if len(finite) else 1.0
        self.logarithmic = self.low > 0 and self.high / self.low >= LOGARITHMIC
        if self.low == self.high:
            self.low, self.high = self.low - 0.5, self.high + 0.5

    def places(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where finite values [n] lie between the edges, 0 to 1; others NaN."""
        kept = np.where(np.isfinite(values), values, np.nan)
        low, high = self.low, self.high
        if self.logarithmic:
            kept, low, high = np.log(kept), math.log(low), math.log(high)
        return (kept - low) / (high - low)


def drawn(
    curve: Curve, scale: Scale, *, first: int, last: int, width: int, height: int
) -> list[str]:
    """Return `height` lines of `width` letters; values that are not finite are crosses on top."""
    columns, rows = 2 * width, 4 * height
    span = max(last - first, 1)
    column = ((curve.iterations - first) * (columns - 1) / span).astype(int)
    dots = np.zeros((rows, columns), bool)
    row = np.round((1 - scale.places(curve.values)) * (rows - 1))
    before: float | None = None
    for at in np.unique(column):
        there = row[column == at]
        there = there[~np.isnan(there)]
        if not len(there):
            before = None
            continue
        low, high = there.min(), there.max()
        if before is not None:  # joined with the column before
            low, high = min(low, before), max(high, before)
        dots[int(low) : int(high) + 1, at] = True
        before = there[-1]
    letters = [_letters(dots[4 * line : 4 * line + 4]) for line in range(height)]
    wrong = np.unique(column[~np.isfinite(curve.values)] // 2)
    top = list(letters[0])
    for at in wrong:
        top[at] = _NOT_FINITE
    letters[0] = "".join(top)
    return letters


def _letters(dots: NDArray[np.bool_]) -> str:
    """Return the letters of one line of dots [4, 2 width]."""
    codes = np.full(dots.shape[1] // 2, _EMPTY)
    for row, bits in enumerate(_BITS):
        for side, bit in enumerate(bits):
            codes += bit * dots[row, side::2]
    return "".join(map(chr, codes.tolist())).replace(chr(_EMPTY), " ")


def marked(places: Sequence[tuple[int, str]], *, first: int, last: int, width: int) -> str:
    """Return a line with one letter at each iteration; of those that meet the first one stays."""
    line = [" "] * width
    for iteration, letter in reversed(places):
        at = round((iteration - first) * (width - 1) / max(last - first, 1))
        if 0 <= at < width:
            line[at] = letter
    return "".join(line)
