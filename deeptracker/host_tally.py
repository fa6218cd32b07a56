"""The numbers of one layer on a CPU, taken in pieces that stay in its cache."""

import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deeptracker.distribution import distribution_of_pieces, sorts_fast
from deeptracker.format import BAND_THRESHOLDS, STATISTICS
from deeptracker.statistics import (
    LayerNumbers,
    Sums,
    changes_between,
    layer_statistics,
    nothing_finite,
)

# Numbers of a piece, as far as one filter has no more; of a part, the work of a thread at a time.
_PIECE = 1 << 16
_PART = 1 << 19
# Where the variance is so small beside the mean square, their difference does not give it.
_NARROW = 1e-4
# Where the directions differ by so little beside the lengths, their difference does not tell.
_RADIAL = 1e-8


class Rows(NamedTuple):
    """What is to be measured of a layer: float32 [F, K]; F is 0 where others hold its filters.

    before: weights before the step that made them `now`; the difference is measured, which is
    `now` itself where they are `subtracted` already. since: the weights at the previous snapshot.
    """

    now: Tensor
    before: Tensor | None = None
    since: Tensor | None = None
    subtracted: bool = False

    def values(self) -> Tensor:
        """Return the numbers that are measured, float32 [F, K]."""
        if self.before is None or self.subtracted:
            return self.now
        return self.now - self.before


class Found(NamedTuple):
    """The numbers of a layer, and where `before` was given its norms f8 [F], and the bands f8 [7].

    Where `since` was given, relative and cosine change f8 [F] each.
    """

    numbers: LayerNumbers
    base: Tensor | None = None
    bands: Tensor | None = None
    changes: tuple[Tensor, Tensor] | None = None


def is_copied(rows: Rows) -> bool:
    """Say whether numbers are computed, or put in order, so that they need memory of their own."""
    return sorts_fast() or (rows.before is not None and not rows.subtracted)


class _Room(threading.local):
    """Memory of a thread for what it makes of one piece after the other."""

    def __init__(self) -> None:
        self._numbers = np.empty(2 * _PIECE)

    def of(self, size: int) -> NDArray[np.float64]:
        """Return room for so many numbers, f8 [size], which holds what the last ones left."""
        return self._numbers[:size] if size <= self._numbers.size else np.empty(size)


_room = _Room()


class Tally:
    """Sums, counts and a copy of one layer's numbers, filled piece by piece of some filters each.

    Threads may take different pieces at the same time.
    """

    def __init__(self, rows: Rows, memory: NDArray[np.float32]) -> None:
        self._now = rows.now.numpy()
        self._before = None if rows.before is None else rows.before.numpy()
        self._subtracted = rows.subtracted
        self._since = None if rows.since is None else rows.since.numpy()
        filters, size = self._now.shape
        self._left, self._counting = filters, threading.Lock()
        self._copied = is_copied(rows)
        self._values = memory.reshape(filters, size) if self._copied else self._now
        self._total, self._l1, self._square, self._std = np.empty((4, filters))
        self._base, self._apart = np.empty((2, filters))
        self._each = max(1, _PIECE // size)
        self._bands = np.zeros((-(-filters // self._each), len(BAND_THRESHOLDS)), dtype=np.int64)

    def parts(self) -> Iterator[tuple["Tally", int, int]]:
        """Yield who takes which pieces together: first filter, one after the last."""
        filters, size = self._now.shape
        step = max(1, _PART // (self._each * size)) * self._each
        for start in range(0, max(filters, 1), step):
            yield self, start, min(start + step, filters)

    def is_whole(self, taken: int) -> bool:
        """Note that so many filters more were taken; say whether these were the last ones."""
        with self._counting:
            self._left -= taken
            return self._left == 0

    def take(self, first: int, last: int) -> None:
        """Take the pieces from one filter to another."""
        size = self._now.shape[1]
        room = _room.of(2 * min(self._each, last - first) * size).reshape(2, -1, size)
        with np.errstate(all="ignore"):
            for start in range(first, last, self._each):
                at = slice(start, min(start + self._each, last))
                wide, other = room[:, : at.stop - at.start]
                values = self._values[at]
                if self._before is not None and not self._subtracted:
                    np.subtract(self._now[at], self._before[at], out=values)
                elif self._copied:
                    np.copyto(values, self._now[at])
                if self._before is not None:
                    self._count_bands(start // self._each, values, self._before[at], other)
                    np.copyto(other, self._before[at])
                    self._base[at] = np.vecdot(other, other)
                np.copyto(wide, values)
                self._square[at] = np.vecdot(wide, wide)
                if self._since is not None:
                    np.copyto(other, self._since[at])
                    self._base[at] = np.vecdot(other, other)
                    np.subtract(wide, other, out=other)
                    self._apart[at] = np.vecdot(other, other)
                self._add_up(at, wide, values)
                if sorts_fast():
                    values.reshape(-1).sort()

    def _add_up(self, at: slice, wide: NDArray[np.float64], values: NDArray[np.float32]) -> None:
        size = wide.shape[1]
        ones = np.ones(size)
        self._total[at] = total = np.vecdot(wide, ones)
        np.abs(wide, out=wide)
        self._l1[at] = np.vecdot(wide, ones)
        mean, square = total / size, self._square[at] / size
        variance = square - mean * mean
        narrow = np.flatnonzero(variance < _NARROW * square)
        if len(narrow):
            apart = values[narrow] - mean[narrow, None]
            variance[narrow] = np.vecdot(apart, apart) / size
        self._std[at] = np.sqrt(variance)

    def _count_bands(
        self,
        piece: int,
        update: NDArray[np.float32],
        weight: NDArray[np.float32],
        room: NDArray[np.float64],
    ) -> None:
        ratio = room.reshape(-1).view(np.float32)[: update.size].reshape(update.shape)
        np.abs(np.divide(update, weight, out=ratio), out=ratio)
        # An unchanged zero, 0 / 0, counts in every band, a NaN of other origins in none.
        none = np.count_nonzero(np.isnan(ratio) & (update == 0))
        self._bands[piece] = [
            none + np.count_nonzero(ratio <= np.float32(limit)) for limit in BAND_THRESHOLDS
        ]

    def found(self) -> Found:
        """Return what the pieces make together."""
        with np.errstate(all="ignore"):
            filters, size = self._values.shape
            ends = [min(end, filters) * size for end in self._ends()]
            l2, mean = np.sqrt(self._square), self._total / size
            sums = Sums(*map(torch.from_numpy, (self._total, self._l1, l2, mean, self._std)))
            numbers = _numbers(self._values.reshape(-1), ends, sums)
            if self._since is not None:
                return Found(numbers, changes=self._changes(self._since))
            if self._before is None:
                return Found(numbers)
            bands = self._bands.sum(axis=0) / self._values.size
            return Found(numbers, torch.from_numpy(np.sqrt(self._base)), torch.from_numpy(bands))

    def _ends(self) -> range:
        return range(self._each, len(self._values) + self._each, self._each)

    def _changes(self, since: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
        """Return relative and cosine change, by the law of cosines where that is exact enough."""
        new, old = np.sqrt(self._square), np.sqrt(self._base)
        relative = np.sqrt(self._apart) / old
        cosine = (self._apart - np.square(new - old)) / (2 * new * old)
        careful = np.flatnonzero(
            (new == 0) | (old == 0) | (cosine < _RADIAL * np.abs(new - old) / np.minimum(new, old))
        )
        if len(careful):
            rows = torch.from_numpy(self._now[careful]), torch.from_numpy(since[careful])
            relative[careful], cosine[careful] = map(Tensor.numpy, changes_between(*rows))
        return torch.from_numpy(relative), torch.from_numpy(cosine)


def _numbers(values: NDArray[np.float32], ends: Sequence[int], sums: Sums) -> LayerNumbers:
    """Return the numbers of a layer from its values [n] and its sums."""
    if values.size and np.isfinite(sums.l1.numpy()).all():
        spread = distribution_of_pieces(values, ends)
        five, zeros = spread.five.numpy(), int(spread.zeros)
        arrays = [each.numpy() for each in sums]
        statistics = layer_statistics(*arrays, five=five, zeros=zeros, count=values.size)
        return LayerNumbers(torch.tensor(statistics, dtype=torch.float64), spread.histogram, sums)
    nan = torch.tensor(np.count_nonzero(np.isnan(values)), dtype=torch.float64)
    clean = values[np.isfinite(values)]
    inf = values.size - clean.size - nan
    if not clean.size:
        return nothing_finite(nan, inf, sums)
    whole = Tally(Rows(torch.from_numpy(clean).unsqueeze(0)), np.empty_like(clean))
    whole.take(0, 1)
    found = whole.found().numbers
    found.statistics[[STATISTICS.index("nan_count"), STATISTICS.index("inf_count")]] = torch.stack(
        [nan, inf]
    )
    return LayerNumbers(found.statistics, found.histogram, sums)
