"""Rows of a table: which column says where a row stands, and which are series."""

import json
from collections.abc import Iterable, Mapping, Sequence

from deeptracker.conversion.collected import Collected

# What a row is of, the most telling first, in small letters and without what stands before a slash.
_STEPS = (
    "iteration", "iter", "global_step", "step", "_step",
    "current_steps",  # LLaMA-Factory
    "total_timesteps",  # Stable-Baselines3: steps of the environments
)  # fmt: skip
_EPOCH = "epoch"
# When a row was written, in seconds since 1970; other columns of these names are series.
_TIMES = ("_timestamp", "wall time", "timestamp")
_SINCE = 1e8
# Seconds since the start of the run, which the times tell better.
_PASSED = "_runtime"
# What libraries write where they have no value.
_NOTHING = ("", "na", "n/a", "none", "null")
# Columns of a table of predictions, which holds no series.
_PREDICTIONS = {"image", "label", "prediction"}
MAX_COLUMNS = 10_000


def number(value: object) -> float | None:
    """Return a number, or a text that is one; NaN and infinities are numbers, "NA" is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str) and "_" in value:
        return None  # Python's own way to write 1_000
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def whole_number(value: object) -> int | None:
    """Return a number that is a step or an epoch: whole, not below 0, exact as a float."""
    found = number(value)
    return int(found) if found is not None and 0 <= found < 2**53 and found == int(found) else None


def json_object(line: str) -> dict[str, object] | None:
    """Return the object of a line of JSON; None where it is none, or nested too deeply."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class Columns:
    """The columns of a table: what each is for. `first` is what steps are counted from 1 less."""

    def __init__(self, names: Iterable[str], *, first: int = 0) -> None:
        clean = [name.strip() for name in names]
        short = [name.lower().rsplit("/", 1)[-1] for name in clean]
        self._first = first
        self._steps = [short.index(word) for word in _STEPS if word in short]
        self._epoch = short.index(_EPOCH) if _EPOCH in short else None
        self._time = next((short.index(word) for word in _TIMES if word in short), None)
        clocks = {*self._steps, self._epoch}
        self._series: list[tuple[int, str]] = []
        taken: set[str] = set()
        for place, name in enumerate(clean):
            if place in clocks or name == _PASSED or not name:
                continue
            unique, again = name, 2
            while unique in taken:
                unique, again = f"{name} ({again})", again + 1
            taken.add(unique)
            self._series.append((place, unique))
        self.recognised = bool(self._series) and clocks != {None}
        self.recognised &= not set(short) >= _PREDICTIONS
        # The last step of each epoch.
        self._ends: dict[int, int] = {}

    def add(self, row: Sequence[object], into: Collected) -> None:
        """Take the values of a row."""
        at, by_epoch = self._at(row)
        if at is None or not 0 <= at < 2**53:
            into.drop("a row without iteration or epoch")
            return
        if at != int(at):
            into.drop(f"a row in the middle of {'an epoch' if by_epoch else 'a step'}")
            return
        place = int(at) + self._first * (not by_epoch)
        for column, name in self._series:
            cell = row[column] if column < len(row) else None
            value = number(cell)
            if value is None:
                if cell is not None and str(cell).strip().lower() not in _NOTHING:
                    into.drop("a value that is not a number")
            elif column == self._time and value > _SINCE:
                into.times[place] = value
            else:
                into.add(name, place, value, by_epoch=by_epoch)
        if not by_epoch and self._epoch is not None and self._epoch < len(row):
            epoch = whole_number(row[self._epoch])
            if epoch is not None:
                self._ends[epoch] = max(place, self._ends.get(epoch, 0))

    def _at(self, row: Sequence[object]) -> tuple[float | None, bool]:
        """Return where a row stands, and whether that is an epoch."""
        for column in self._steps:
            if column < len(row) and (at := number(row[column])) is not None:
                return at, False
        if self._epoch is None or self._epoch >= len(row):
            return None, False
        return number(row[self._epoch]), True

    @property
    def per_epoch(self) -> int | None:
        """Return how many iterations an epoch has, None where the rows do not agree on that.

        Of an epoch before the last, the last row is that of its validation, at its last step.
        """
        epochs = sorted(self._ends)
        later = 1 - min(epochs[0], 1) if epochs else 0
        sizes = {self._ends[epoch] / (epoch + later) for epoch in epochs[:-1]}
        return agreed(sizes)


def agreed(sizes: set[float]) -> int | None:
    """Return the iterations of an epoch on which all agree; None where they do not."""
    size = sizes.pop() if len(sizes) == 1 else 0.0
    return int(size) if size >= 1 and size == int(size) else None


def add_rows(rows: Iterable[Mapping[str, object]], into: Collected) -> int | None:
    """Take rows of which each has names of its own; return the iterations of an epoch, if known."""
    known: dict[tuple[str, ...], Columns] = {}
    for row in rows:
        names = tuple(row)
        if names not in known:
            known[names] = Columns(names)
        known[names].add(tuple(row.values()), into)
    return next((found for one in known.values() if (found := one.per_epoch)), None)
