"""MMEngine's `vis_data/scalars.json`: rows of the training and of its validations."""

import json
from pathlib import Path
from typing import NamedTuple

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import Reader, files_below
from deeptracker.conversion.readers.growing import GrowingLines
from deeptracker.conversion.readers.rows import agreed, json_object, number, whole_number

_PLACE = ("vis_data", "scalars.json")
_CLOCKS = ("step", "iter", "epoch")
# How long a step took: of the training, or of the validation, in rows that do not say which.
_BOTH = ("time", "data_time")
# What every row of the training has.
_TRAINS = {*_CLOCKS, *_BOTH}
_TEST = "a row before any of the training, as of a test"
_BEFORE = "a value of an earlier start, behind which a later one began"
_NOTE = (
    "Validations of MMEngine count epochs or nothing: they stand at the row of the training before "
    "them."
)
_PEEK, _PEEK_LINES = 65_536, 20


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return a reader of all starts in a working directory, or of the file that it is."""
    if run is not None:
        return []
    if folder.is_file():
        return [MMEngineReader(folder)] if is_mmengine(folder) else []
    return [MMEngineReader(folder)] if any(map(_is_start, files_below(folder))) else []


def is_mmengine(path: Path) -> bool:
    """Say whether a file is MMEngine's, by what its rows of the training have.

    One without such a row, young or of a test, is known by its place.
    """
    try:
        with path.open("rb") as file:
            lines = [file.readline(_PEEK) for _ in range(_PEEK_LINES)]
        rows = [json.loads(line) for line in lines if line.endswith(b"\n")]
    except (OSError, ValueError, RecursionError):
        return False
    if not rows or not all(isinstance(row, dict) and "step" in row for row in rows):
        return False
    return any(row.keys() >= _TRAINS for row in rows) or (path.parent.name, path.name) == _PLACE


def _is_start(path: Path) -> bool:
    """Say whether a file is that of a start; MMEngine writes a copy beside it."""
    return path.name == _PLACE[1] and is_mmengine(path)


class _Row(NamedTuple):
    """The values of a row: `at` an iteration, or an epoch where no iteration is known."""

    at: int
    by_epoch: bool
    values: dict[str, float]


class _Start(GrowingLines):
    """The file of one start. `rows` in the order written; `first`: iteration of the training."""

    def begin(self) -> None:
        """Forget what was read: the file is read from its beginning."""
        self.rows: list[_Row] = []
        self.first: int | None = None
        self._last = 0
        self.ends: dict[int, int] = {}
        self.noted = False

    def whole(self, text: str) -> bool:
        """Say whether a last line without an end is whole."""
        return json_object(text) is not None

    def line(self, text: str) -> None:
        """Take a row; one of the training names its iteration, one of a validation a step alone."""
        row = json_object(text) if text.strip() else {}
        if row is None:
            self.found.drop("a line that is no JSON object, or nested too deeply")
            return
        step, iteration = (whole_number(row.get(name)) for name in ("step", "iter"))
        trains = iteration is not None
        values: dict[str, float] = {}
        for name, cell in row.items():
            if name in _CLOCKS:
                continue
            value = number(cell)
            if value is None:
                self.found.drop("a value that is not a number")
            else:
                values[name if trains or name not in _BOTH else f"val/{name}"] = value
        if iteration is not None:
            self._trained(iteration, whole_number(row.get("epoch")), values)
        elif step is not None:
            self._validated(step, values)

    def _trained(self, iteration: int, epoch: int | None, values: dict[str, float]) -> None:
        self.first = iteration if self.first is None else self.first
        self._last = iteration
        if epoch is not None:
            self.ends[epoch] = iteration
        self.rows.append(_Row(iteration, False, values))

    def _validated(self, step: int, values: dict[str, float]) -> None:
        if self.first is None and step == 0:
            self.found.drop(_TEST)
        elif self.first is None:
            self.rows.append(_Row(step, True, values))
        else:
            # A step that has not yet been reached by a row of the training is an iteration.
            self.noted |= step < self._last
            self.rows.append(_Row(max(step, self._last), False, values))

    @property
    def per_epoch(self) -> int | None:
        """Return how many iterations an epoch has, None where two whole ones do not agree."""
        whole = sorted(self.ends)[:-1]
        sizes = {self.ends[epoch] / epoch for epoch in whole if epoch > 0}
        return agreed(sizes) if len(whole) > 1 else None


class MMEngineReader:
    """A working directory with a folder for each start of one training, or one of their files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._starts: dict[Path, _Start] = {}
        self._parts: list[Collected] = []
        self._found: Collected | None = None

    def read(self) -> Collected:
        """Return all that the files hold now; see Reader."""
        alone = self.path.is_file()
        there = [self.path] if alone else [p for p in files_below(self.path) if _is_start(p)]
        # The folders of starts are called by their time.
        self._starts = {path: self._starts.get(path) or _Start(path) for path in sorted(there)}
        parts = [start.read() for start in self._starts.values()]
        if self._found is None or list(map(id, parts)) != list(map(id, self._parts)):
            self._found, self._parts = self._gather(parts), parts
        return self._found

    def _gather(self, parts: list[Collected]) -> Collected:
        found = Collected(kinds=["MMEngine"])
        starts = list(self._starts.values())
        for place, start in enumerate(starts):
            later = [one.first for one in starts[place + 1 :] if one.first is not None]
            void = min(later, default=2**53)
            for row in start.rows:
                if not row.by_epoch and row.at >= void:
                    found.drop(_BEFORE, len(row.values))
                    continue
                for name, value in row.values.items():
                    found.add(name, row.at, value, by_epoch=row.by_epoch)
            found.iterations_per_epoch = start.per_epoch or found.iterations_per_epoch
        for part in parts:
            found.drop_all(part.dropped)
        if any(start.noted for start in starts):
            found.notes.append(_NOTE)
        here = self.path.parent if self.path.is_file() else self.path
        found.files = [str(path.relative_to(here)) for path in self._starts]
        return found
