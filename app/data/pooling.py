"""How a matrix over time is kept small enough for a browser: snapshots that share a pixel are one.

An answer that would be too large has fewer columns than the run has snapshots, each the most
extreme value of those that it stands for, as pixels pool what they show (web/base/raster.ts). What
is asked for again with a range has only the snapshots of that range, each by itself where they fit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.arguments import Arguments

# Of one matrix; an answer with all that goes with it stays below 8 MB.
MOST_BYTES = 6 * 2**20
LAST = 2**31 - 1


@dataclass(frozen=True)
class Columns:
    """Which snapshots share a column of an answer.

    `first`..`last` are the places of the snapshots asked for (first = last: none), `starts` [S]
    where each column begins, counted from `first`; `snapshots` how many the run has.
    """

    first: int
    last: int
    starts: NDArray[np.int64]
    snapshots: int

    @property
    def whole(self) -> bool:
        """Return whether every snapshot of the run has a column of its own."""
        return len(self.starts) == self.snapshots

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Return how many snapshots share each column, [S]."""
        return np.diff(self.starts, append=self.last - self.first)

    @property
    def most(self) -> int:
        """Return the most snapshots that share a column."""
        return int(self.sizes.max(initial=1))

    def pooled(self, values: NDArray[Any], by: np.ufunc) -> NDArray[Any]:
        """Return values [n, T] as [n, S]; `by` takes a value twice as once (maximum)."""
        return self._with(values, lambda shared: self._of(values, shared, by))

    def largest(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values f4 [n, T] as [n, S], each the one furthest from 0; NaN: none is known."""

        def furthest(shared: NDArray[np.intp]) -> NDArray[Any]:
            high, low = (self._of(values, shared, by) for by in (np.fmax, np.fmin))
            return np.where(np.abs(low) > np.abs(high), low, high)

        return self._with(values, furthest)

    def _with(
        self, values: NDArray[Any], of_shared: Callable[[NDArray[np.intp]], NDArray[Any]]
    ) -> NDArray[Any]:
        """Return values [n, T] as [n, S], those of the columns that snapshots share by `of_shared`:
        of a matrix that is only a little too large they are few.
        """
        if self.whole:
            return values
        shared = np.flatnonzero(self.sizes > 1)
        if len(shared) == len(self.starts):
            return of_shared(shared)
        found = np.take(values, self.first + self.starts, axis=1)
        found[:, shared] = of_shared(shared)
        return found

    def _of(self, values: NDArray[Any], shared: NDArray[np.intp], by: np.ufunc) -> NDArray[Any]:
        """Return some columns of values [n, T]: the first snapshot of each, then the second, and so
        on, since reduceat takes ten times as long.
        """
        starts = self.starts[shared]
        ends = starts + self.sizes[shared]
        found = values[:, self.first + starts]
        for further in range(1, self.most):
            at = np.minimum(starts + further, ends - 1)
            by(found, values[:, self.first + at], out=found)
        return found

    def among(self, there: NDArray[np.bool_]) -> "Columns":
        """Return the same columns of but some of the snapshots, those of `there` [T]; columns that
        have none of these are left out.
        """
        if self.whole:
            count = int(there.sum())
            return Columns(0, count, np.arange(count), count)
        column = self.column()[there]
        asked = np.flatnonzero(column >= 0)
        first, last = (int(asked[0]), int(asked[-1]) + 1) if len(asked) else (0, 0)
        starts = np.flatnonzero(np.diff(column[first:last], prepend=-1))
        return Columns(first, last, starts, len(column))

    def column(self) -> NDArray[np.int32]:
        """Return the column of every snapshot of the run, i4 [T]; -1: it was not asked for."""
        found = np.full(self.snapshots, -1, np.int32)
        if len(self.starts):
            found[self.first : self.last] = np.repeat(np.arange(len(self.starts)), self.sizes)
        return found


def rows_at_once(bytes_a_row: int, *, most: int) -> int:
    """Return how many rows one answer has where they are asked for in pieces: `most`, or as many
    as fit into MOST_BYTES, at least one.
    """
    return min(most, max(1, MOST_BYTES // max(1, bytes_a_row)))


def read_columns(
    arguments: Arguments,
    iteration: NDArray[np.integer],
    *,
    bytes_a_column: int,
    most_bytes: int | None = None,
) -> Columns:
    """Return the columns of what is asked for: `from` and `to`, iterations, both optional.

    As many as fit into `most_bytes` (MOST_BYTES), evenly over what was asked for, at least one.
    """
    low = arguments.integer("from", default=0) or 0
    high = arguments.integer("to", default=LAST)
    limit = MOST_BYTES if most_bytes is None else most_bytes
    first = int(np.searchsorted(iteration, low))
    last = max(first, int(np.searchsorted(iteration, LAST if high is None else high, "right")))
    count = last - first
    most = max(1, limit // max(1, bytes_a_column))
    starts = np.arange(count)
    if count > most:
        starts = np.unique(np.linspace(0, count, most, endpoint=False).astype(np.int64))
    return Columns(first, last, starts, len(iteration))
