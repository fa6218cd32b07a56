"""DVCLive's folder: a table for each metric, the parameters, and the last values."""

import json
from pathlib import Path
from typing import Any

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import Reader, StoredRun, files_below, several_in
from deeptracker.conversion.readers.growing import GrowingLines
from deeptracker.conversion.readers.nested import leaves
from deeptracker.conversion.readers.rows import number, whole_number
from deeptracker.conversion.readers.settings import read_beside

_METRICS = ("plots", "metrics")
_LAST, _PARAMETERS = "metrics.json", "params.yaml"
_MOST_BYTES = 2**20
# Under which a table keeps its values until it is known what all metrics are called.
_ONE = "value"


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return a reader of the run in a folder or below.

    LogError where there are several, and none is named.
    """
    bases = _bases(folder)
    if run is not None:
        return [DvcliveReader(bases[run], root=folder)] if run in bases else []
    if len(bases) > 1:
        raise several_in(folder, "DVCLive", list(bases))
    return [DvcliveReader(base, root=folder) for base in bases.values()]


def runs(folder: Path) -> list[StoredRun]:
    """Return the runs below a folder; a single one is the folder's own."""
    bases = _bases(folder)
    return [StoredRun(id, base.name) for id, base in bases.items()] if len(bases) > 1 else []


def _bases(folder: Path) -> dict[str, Path]:
    """Return the folders of runs by their path from here."""
    if not folder.is_dir():
        return {}
    found = {base for path in files_below(folder) if (base := _base(path, folder)) is not None}
    return {base.relative_to(folder).as_posix(): base for base in sorted(found)}


def _base(path: Path, folder: Path) -> Path | None:
    """Return in which folder of DVCLive's a table is, None where it is none of its."""
    if path.suffix != ".tsv":
        return None
    parts = path.relative_to(folder).parts[:-1]
    for at in range(len(parts) - 1):
        if parts[at : at + 2] == _METRICS:
            return folder.joinpath(*parts[:at]) if _is_one(path) else None
    return None


def _is_one(path: Path) -> bool:
    """Say whether a table has the columns of a metric; its last one is called as the file is."""
    try:
        with path.open(encoding="utf-8") as file:
            head = file.readline(_MOST_BYTES).rstrip("\r\n").split("\t")
    except (OSError, ValueError):
        return False
    return head[-1] == path.stem and head[:-1] in ([], ["step"], ["timestamp", "step"])


class _Metric(GrowingLines):
    """The table of one metric: time (ms), where it is kept, step and value."""

    def begin(self) -> None:
        """Forget what was read: the file is read from its beginning."""
        self._heading = True

    def line(self, text: str) -> None:
        """Take a row by its end: one that was logged without a time, or with, has the same head."""
        if self._heading or not text.strip():
            self._heading = False
            return
        cells = text.split("\t")
        if len(cells) < 2:
            self.found.drop("a value of a metric called 'step', which takes the place of the steps")
            return
        at, value = whole_number(cells[-2]), number(cells[-1])
        if at is None:
            self.found.drop("a row without a whole step")
        elif value is None:
            self.found.drop("a value that is not a number")
        else:
            self.found.add(_ONE, at, value)
            if len(cells) > 2 and (time := number(cells[-3])) is not None:
                self.found.times[at] = time / 1000


class DvcliveReader:
    """The folder of one run."""

    def __init__(self, path: Path, *, root: Path) -> None:
        self.path, self._root = path, root
        self._metrics: dict[Path, _Metric] = {}
        self._seen: tuple[object, ...] = ()
        self._found = Collected()

    def read(self) -> Collected:
        """Return all that the folder holds now; see Reader."""
        there, others = [], 0
        for path in files_below(self.path, root=self._root):
            if _base(path, self.path) == self.path:
                there.append(path)
            elif path.relative_to(self.path).parts[0] == "plots":
                others += 1
        self._metrics = {path: self._metrics.get(path) or _Metric(path) for path in there}
        parts = {path: metric.read() for path, metric in self._metrics.items()}
        beside = [_stamp(self.path / name) for name in (_LAST, _PARAMETERS)]
        seen = (tuple(map(id, parts.values())), tuple(parts), others, *beside)
        if seen != self._seen:
            self._found, self._seen = self._gather(parts, others), seen
            self._kept = parts  # so that no other object gets their ids
        return self._found

    def _gather(self, parts: dict[Path, Collected], others: int) -> Collected:
        found = Collected(kinds=["DVCLive"])
        folder = self.path.joinpath(*_METRICS)
        names = set()
        for path, part in parts.items():
            name = path.relative_to(folder).with_suffix("").as_posix()
            names.add(name)
            for at, value in part.values.get(_ONE, {}).items():
                found.add(name, at, value)
            found.times |= part.times
            found.drop_all(part.dropped)
        if others:
            found.drop("a picture or a plot", others)
        found.hyperparameters.update(
            read_beside(self.path / _PARAMETERS, self._root, found.dropped)
        )
        if summary := self._summary(names):
            found.hyperparameters.setdefault("summary", summary)
        found.files = [str(path.relative_to(self._root)) for path in parts]
        return found

    def _summary(self, names: set[str]) -> dict[str, Any]:
        """Return what was put into the summary, or logged without a table, beside last values."""
        try:
            with (self.path / _LAST).open("rb") as file:
                last = dict(leaves((), json.loads(file.read(_MOST_BYTES))))
        except (OSError, ValueError, RecursionError):  # not there, or being written
            return {}
        values = {"/".join(path): value for path, value in last.items()}
        known = (str, int, float, type(None))
        return {
            name: value
            for name, value in values.items()
            if name not in {*names, "step"} and isinstance(value, known)
        }


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return -1, -1
    return stat.st_size, stat.st_mtime_ns
