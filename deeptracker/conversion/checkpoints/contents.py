"""What a checkpoint holds, of whatever kind it is: weights by name, and what it says of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError

Array = NDArray[Any]
# What is read takes at most so many times the bytes on disk: widened, and packed a little. Beside
# that, what may be of equal numbers only.
MOST_PACKED = 8
_ALWAYS = 256 * 2**20


@dataclass(frozen=True)
class Piece:
    """One array that is read when it is asked for: `read()` returns f4 or f8 of this shape."""

    shape: tuple[int, ...]
    wide: bool
    read: Callable[[], Array]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return what `read` returns: f8 for what is stored so, else f4."""
        return np.dtype("<f8" if self.wide else "<f4")

    @property
    def bytes(self) -> int:
        """Return how much memory the array takes; a Python number, which has no bounds."""
        size = self.dtype.itemsize
        for length in self.shape:
            size *= length
        return size


@dataclass
class Facts:
    """What a checkpoint says beside its weights.

    `filter_axis`: the axis of output units, where the kind of file tells; None: it does not, and
    whoever converts it has to. `iteration`, `epoch`: None where the file does not say. Of
    hyperparameters, those that are texts, numbers or truth values. `remarks`: what was not taken,
    and what is doubtful.
    """

    filter_axis: int | None = None
    iteration: int | None = None
    epoch: int | None = None
    hyperparameters: dict[str, str | int | float | bool] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


@dataclass
class Stored:
    """A file of a checkpoint that is open: its arrays by the names in it, and its facts."""

    pieces: dict[str, Piece] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True)
class Contents:
    """A checkpoint as it was read: arrays f4 or f8 by name, in an order for people, and facts."""

    arrays: dict[str, Array]
    facts: Facts


def check_sizes(path: Any, pieces: Mapping[str, Piece], on_disk: int) -> None:
    """Raise LogError where arrays claim more than a file of `on_disk` bytes can hold."""
    claimed = sum(piece.bytes for piece in pieces.values())
    if claimed > _ALWAYS + MOST_PACKED * on_disk:
        raise LogError(
            path,
            max(pieces, key=lambda name: pieces[name].bytes),
            f"claims arrays of {claimed:,} bytes in {on_disk:,} bytes on disk; it is damaged",
        )


def add_hyperparameters(facts: Facts, given: Any) -> None:
    """Take what is a text, a number or a truth value of a dictionary or a namespace."""
    settings = given if isinstance(given, Mapping) else getattr(given, "__dict__", {})
    for name, value in list(settings.items())[:500]:
        value = value.item() if isinstance(value, np.generic) else value
        if isinstance(value, (str, int, float, bool)) and len(str(name)) <= 100:
            facts.hyperparameters[str(name)] = value[:1000] if isinstance(value, str) else value


def tell_left_out(facts: Facts, left: Mapping[str, list[str]]) -> None:
    """Say which arrays of two axes or more were not taken, by what they hold instead of floats."""
    for kind, names in sorted(left.items()):
        facts.remarks.append(f"left out, no floating-point numbers but {kind}: {some(names)}")


def some(names: list[str]) -> str:
    """Return the first names of a list in words."""
    more = f" and {len(names) - 2:,} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more


def whole_number(value: Any) -> int | None:
    """Return what counts iterations or epochs, None where it is no such number."""
    value = value.item() if getattr(value, "shape", None) == () else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value < 2**53 and value == int(value) else None
