"""What was computed of a run that is followed, kept from one judgement to the next.

Most of what rules look at says of a snapshot what was usual before it: more snapshots add columns,
and change none. They are computed of the new columns alone, exactly as of the whole history.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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


class Grown:
    """An array f8 [..., T] that grows by columns, without being copied every time."""

    def __init__(self) -> None:
        self._room, self.length = np.empty(0), 0

    def append(self, columns: Floats) -> None:
        """Add columns at the end."""
        length = self.length + columns.shape[-1]
        if length > self._room.shape[-1] or not self.length:
            room = np.empty((*columns.shape[:-1], length if not self.length else 2 * length))
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
        done = self._found.length
        if done == values.shape[-1] and done:
            return
        first = max(0, done - self._reach)
        self._found.append(self._compute(values[..., first:])[..., done - first :])

    @property
    def found(self) -> Floats:
        """Return what was computed, read-only."""
        return self._found.whole


def _continues(values: Floats, before: Floats) -> bool:
    """Return whether values begin with those before, bit by bit."""
    length = before.shape[-1]
    if values.shape[:-1] != before.shape[:-1] or values.shape[-1] < length:
        return False
    if values is before:
        return True
    return bool(np.array_equal(values[..., :length].view(np.int64), before.view(np.int64)))
