"""What was computed of a run that is followed, kept from one judgement to the next.

Most of what rules look at says of a snapshot what was usual before it: more snapshots add columns,
and change none. They are computed of the new columns alone, exactly as of the whole history.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Cells that are looked at together.
AT_ONCE = 1_000_000


class Extended(Protocol):
    """Something known of values f8 [..., T], of which more columns come."""

    def extend(self, values: Floats) -> None:
        """Take all values; those that were there before are the same."""


S = TypeVar("S", bound=Extended)


@dataclass
class Kept:
    """What is known of one run, by name; of what no longer stands nothing is kept.

    It belongs to one judge at a time: threads must not share it.
    """

    _known: dict[str, tuple[Hashable, Floats, Extended]] = field(default_factory=dict)
    _compared: tuple[Floats, Floats, bool] | None = None

    def following(self, name: str, given: Hashable, values: Floats, make: Callable[[], S]) -> S:
        """Return what is known by a name, with the new columns of `values` f8 [..., T].

        It begins again where `given`, all that it depends on besides, or an earlier value changed.
        """
        known = self._known.get(name)
        if known is not None and known[0] == given and self._continue(values, known[1]):
            state: S = known[2]  # type: ignore[assignment]
        else:
            state = make()
        state.extend(values)
        self._known[name] = (given, values, state)
        return state

    def _continue(self, values: Floats, before: Floats) -> bool:
        """Return whether values begin with those before; of two arrays it is asked once."""
        if self._compared is None or not (
            self._compared[0] is values and self._compared[1] is before
        ):
            self._compared = (values, before, _continues(values, before))
        return self._compared[2]

    def columns(
        self,
        name: str,
        given: Hashable,
        values: Floats,
        compute: Callable[[Floats], Floats],
        *,
        reach: int,
    ) -> Floats:
        """Return `compute(values)`, f8 [..., T], computed of new columns alone; not to be written.

        Each of its columns depends on the values there and on the `reach` columns before.
        """
        return self.following(name, given, values, lambda: Columns(compute, reach)).found

    def lowest(
        self,
        name: str,
        given: Hashable,
        values: Floats,
        compute: Callable[[Floats], Floats],
        *,
        reach: int,
    ) -> Floats:
        """Return the lowest of each row of what `columns` would return, f8 [...]; Inf: of none.

        Nothing is kept but that: of 10,000 classes over 2,000 snapshots the columns are 160 MB.
        """
        return self.following(name, given, values, lambda: Lowest(compute, reach)).found


class Grown:
    """An array f8 [..., T] that grows by columns, without being copied every time."""

    def __init__(self) -> None:
        self._room, self.length, self._least = np.empty(0), 0, 0

    def reserve(self, length: int) -> None:
        """Make the room, once the first columns come, for so many: they need not be moved then."""
        self._least = length

    def append(self, columns: Floats) -> None:
        """Add columns at the end."""
        length = self.length + columns.shape[-1]
        if length > self._room.shape[-1] or not self.length:
            wanted = length if not self.length else 2 * length
            room = np.empty((*columns.shape[:-1], max(wanted, self._least)))
            room[..., : self.length] = self._room[..., : self.length]
            self._room = room
        self._room[..., self.length : length] = columns
        self.length = length

    @property
    def whole(self) -> Floats:
        """Return all of it, read-only."""
        found = self._room[..., : self.length]
        found.flags.writeable = False
        return found


class Columns:
    """What is computed of columns, each with the `reach` before it."""

    def __init__(self, compute: Callable[[Floats], Floats], reach: int) -> None:
        self._compute, self._reach, self._found = compute, reach, Grown()

    def extend(self, values: Floats) -> None:
        """Compute the columns that are new."""
        if not self._found.length:
            self._found.reserve(values.shape[-1])
        for columns in _new(self._compute, self._reach, values, self._found.length):
            self._found.append(columns)

    @property
    def found(self) -> Floats:
        """Return what was computed, read-only."""
        return self._found.whole


class Lowest:
    """The lowest value of each row of what is computed of columns, as of `Columns`."""

    def __init__(self, compute: Callable[[Floats], Floats], reach: int) -> None:
        self._compute, self._reach, self._done = compute, reach, 0
        self.found: Floats = np.empty(0)

    def extend(self, values: Floats) -> None:
        """Look at the columns that are new."""
        for columns in _new(self._compute, self._reach, values, self._done):
            low = columns.min(axis=-1, initial=np.inf)
            self.found = np.minimum(self.found, low) if self._done else low
            self._done += columns.shape[-1]


def _new(
    compute: Callable[[Floats], Floats], reach: int, values: Floats, done: int
) -> Iterator[Floats]:
    """Yield what is computed of the columns from `done` on, some at a time, for the memory."""
    last = values.shape[-1]
    rows = values.size // max(1, last)
    step = max(1, AT_ONCE // max(1, rows), 4 * reach)
    for begin in range(done, max(last, 1 - done), step):
        first = max(0, begin - reach)
        yield compute(values[..., first : begin + step])[..., begin - first :]


def _continues(values: Floats, before: Floats) -> bool:
    """Return whether values begin with those before, bit by bit."""
    length = before.shape[-1]
    if values.shape[:-1] != before.shape[:-1] or values.shape[-1] < length:
        return False
    if values is before:
        return True
    return bool(np.array_equal(values[..., :length].view(np.int64), before.view(np.int64)))
