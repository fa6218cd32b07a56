"""A run in the folder `mlruns`, in which MLflow before 3.7 kept its runs."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import MAX_ENTRIES, StoredRun, files_below
from deeptracker.conversion.readers.mlflow_common import MAX_ENTRIES as MAX_PAIRS
from deeptracker.conversion.readers.mlflow_common import (
    MAX_TEXT,
    MAX_VALUES,
    Values,
    settings,
    tags_of,
)
from deeptracker.errors import LogError

_META = "meta.yaml"
_KINDS, _ARTIFACTS = ("metrics", "params", "tags"), "artifacts"
_NAME = "mlflow.runName"
# In a line of `status` of meta.yaml; the others are of runs that are over.
_GOING_ON = ("1", "2", "RUNNING", "SCHEDULED")
_MAX_META = 2**16
_MAX_LINE = 1_000


def runs_of_folder(folder: Path) -> Iterator[tuple[StoredRun, Path]]:
    """Yield the runs below a folder that are not deleted: it may be `mlruns`, or one of a run."""
    if not folder.is_dir():
        return
    if _is_run(folder):
        yield from _stored(folder, "")
        return
    places = [folder] if (folder / _META).is_file() else _folders(folder)
    for experiment in places:
        if (meta := _meta(experiment)).get("lifecycle_stage") == "active":
            for path in _folders(experiment):
                if _is_run(path):
                    yield from _stored(path, meta.get("name", ""))


def _folders(folder: Path) -> list[Path]:
    return [one for one in sorted(folder.iterdir()) if one.is_dir() and not one.is_symlink()]


def _is_run(folder: Path) -> bool:
    return "run_id" in _meta(folder)


def _stored(folder: Path, experiment: str) -> Iterator[tuple[StoredRun, Path]]:
    meta = _meta(folder)
    if meta.get("lifecycle_stage", "active") == "active":
        name = _name(folder, meta)
        shown = " / ".join(part for part in (experiment, name) if part)
        yield StoredRun(folder.name, shown or folder.name), folder


def _name(folder: Path, meta: dict[str, str]) -> str:
    """Return the name of a run, which stands in a file of its own, too, as it is."""
    path = folder / "tags" / _NAME
    return _text(path) if _is_own(path, folder) else meta.get("run_name", "")


def _is_own(path: Path, folder: Path) -> bool:
    """Say whether a file is there, and really lies in a folder."""
    return path.is_file() and path.resolve().is_relative_to(folder.resolve())


def _meta(folder: Path) -> dict[str, str]:
    """Return the plain entries of a meta.yaml, which has no others that are of use here."""
    path = folder / _META
    if not _is_own(path, folder):
        return {}
    found = {}
    for line in _text(path, most=_MAX_META).splitlines():
        name, colon, value = line.partition(":")
        if colon and name.isidentifier():
            found[name] = value.strip().strip("'\"").replace("''", "'")
    return found


def _text(path: Path, *, most: int = MAX_TEXT) -> str:
    with path.open("rb") as file:
        return file.read(most).decode("utf-8", "replace")


class FilesReader:
    """A run in a folder of its own: a file for each series, which grows by lines."""

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        self._root = root
        self._files: dict[Path, _Series] = {}
        self._stats: dict[Path, tuple[int, int, int]] | None = None
        self._found = Collected()

    def read(self) -> Collected:
        """Return all that the files hold now; see Reader."""
        try:
            stats = {path: _stat(path) for path in self._paths()}
            if stats != self._stats:
                self._found = self._gathered(list(stats))
                self._stats = stats
        except OSError as error:
            place = error.filename or self.path
            raise LogError(place, "", f"cannot be read ({error.strerror})") from error
        return self._found

    def _paths(self) -> Iterator[Path]:
        yield self.path / _META
        for kind in _KINDS:
            folder = self.path / kind
            if folder.is_dir() and not folder.is_symlink():
                yield from files_below(folder)

    def _gathered(self, paths: list[Path]) -> Collected:
        found = Collected(kinds=["MLflow"])
        below: dict[str, dict[str, Path]] = {}
        for path in paths:
            kind, *name = path.relative_to(self.path).parts
            below.setdefault(kind, {})["/".join(name)] = path
        metrics = below.get("metrics", {})
        self._files = {
            path: self._files.get(path) or _Series(name, path) for name, path in metrics.items()
        }
        values = Values()
        for file in self._files.values():
            file.advance()
            values.take(file.values)
            if values.rows > MAX_VALUES:
                raise LogError(self.path, "metrics", f"hold more than {MAX_VALUES:,} values")
        values.into(found)
        meta = _meta(self.path)
        found.hyperparameters = settings(_texts(below.get("params", {})))
        found.tags = tags_of(_texts(below.get("tags", {})))
        found.name = _name(self.path, meta)
        found.ended = meta.get("status", _GOING_ON[0]) not in _GOING_ON
        if artifacts := _number_below(self.path / _ARTIFACTS):
            found.drop("a file that MLflow keeps with the run", artifacts)
        found.files = [str(path.relative_to(self._root)) for path in metrics.values()]
        return found


def _number_below(folder: Path) -> int:
    """Return how many files are in a folder and below; the limit where there are more."""
    if not folder.is_dir() or folder.is_symlink():
        return 0
    try:
        return sum(1 for _ in files_below(folder))
    except LogError:
        return MAX_ENTRIES


def _texts(paths: dict[str, Path]) -> dict[str, str]:
    return {name: _text(path) for name, path in islice(paths.items(), MAX_PAIRS)}


def _stat(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


class _Series:
    """The file of one series, read on from the last whole line."""

    def __init__(self, name: str, path: Path) -> None:
        self._name, self._path = name, path
        self.values = Values()
        self._at = 0
        self._beginning = b""

    def advance(self) -> None:
        """Read the lines that are new; all of them where the file is another one."""
        with self._path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(64)
            if size < self._at or not start.startswith(self._beginning):
                self.values, self._at = Values(), 0
            file.seek(self._at)
            while (line := file.readline(_MAX_LINE)).endswith(b"\n"):
                self._take(line)
                self._at += len(line)
            if len(line) == _MAX_LINE:
                raise LogError(self._path, "", "has a line that is too long for a value")
            self._beginning = start[: self._at]

    def _take(self, line: bytes) -> None:
        """Take a line: milliseconds, value, step, and perhaps a model and a data set."""
        parts = line.split()
        try:
            time, value = int(parts[0]), float(parts[1])
            step = float(parts[2]) if len(parts) > 2 else 0.0
        except (ValueError, IndexError):
            if parts:
                self.values.drop("a line of MLflow's that is no value")
            return
        whole = int(step) if step.is_integer() else step
        self.values.add([(0, self._name, whole, value, False, time)])
