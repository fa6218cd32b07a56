"""Readers of what other tools leave: one file a tool, each of which answers the same questions.

A module of a tool has `find(folder, run)`, which returns its readers of a folder (or of a file),
recognised by content; where a store holds several runs, also `runs(folder)`, and `run` is the id of
one of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.told import told
from deeptracker.errors import LogError

# Below a folder, at most so deep and so many entries are looked at.
MAX_DEPTH = 6
MAX_ENTRIES = 100_000
# Of several runs so many are named.
_SHOWN = 5


class Reader(Protocol):
    """Reads some files of a run, which may still grow. Nothing is kept open between two calls."""

    path: Path

    def read(self) -> Collected:
        """Return all that the files hold now; the same object where nothing changed.

        What was read before is not read again where a file only grew. Raises LogError for a file
        that cannot be used.
        """


@dataclass(frozen=True)
class StoredRun:
    """A run in a store of several: the id to ask for it, and its name."""

    id: str
    name: str


class WholeFile:
    """A reader of one file that is read as a whole whenever it is another than before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._found = Collected()

    def read(self) -> Collected:
        """Return all that the file holds now; see Reader."""
        try:
            stat = self.path.stat()
            now = (stat.st_size, stat.st_mtime_ns)
            if now != self._seen:
                found = Collected()
                self.take(found)
                self._found, self._seen = found, now
        except OSError as error:
            raise LogError(self.path, "", f"cannot be read ({error.strerror})") from error
        return self._found

    def take(self, into: Collected) -> None:
        """Read the file."""
        raise NotImplementedError


def files_below(folder: Path, *, root: Path | None = None) -> Iterable[Path]:
    """Yield the regular files in a folder and below, by name; links are not followed out of it.

    Without those that do not belong to the run, as deeptracker.toml says that lies in `root`, by
    default the folder itself. Raises LogError where there are too many of them.
    """
    said = told(root or folder)
    for entry in entries_below(folder):
        if entry.is_file() and said.belongs(entry):
            yield entry


def entries_below(folder: Path) -> Iterable[Path]:
    """Yield all that lies in a folder and below but the folders gone into; see files_below."""
    root, seen = folder.resolve(), 0
    waiting = [(folder, 0)]
    while waiting:
        here, depth = waiting.pop(0)
        try:
            entries = sorted(here.iterdir())
        except OSError as error:
            if here == folder:
                raise LogError(folder, "", f"cannot be read ({error.strerror})") from error
            continue  # a folder that went away meanwhile, or is not for us
        for entry in entries:
            seen += 1
            if seen > MAX_ENTRIES:
                raise LogError(folder, "", f"holds more than {MAX_ENTRIES:,} files")
            if entry.is_symlink() and not entry.resolve().is_relative_to(root):
                continue
            if entry.is_dir() and not entry.is_symlink() and depth < MAX_DEPTH:
                waiting.append((entry, depth + 1))
            else:
                yield entry


def gone_note(name: str) -> str:
    """Return what is said of a file that was read and is not there any more."""
    return f"{name} is not there any more; what was read of it before stays."


def several_in(folder: Path, tool: str, runs: Sequence[str]) -> LogError:
    """Return what is to be raised where a folder has several runs and none of them is named."""
    shown = ", ".join(runs[:_SHOWN]) + (", ..." if len(runs) > _SHOWN else "")
    return LogError(folder, "", f"holds {len(runs):,} runs of {tool} ({shown}); name one of them")


def is_inside(path: Path, folder: Path) -> bool:
    """Say whether a path really lies in a folder, wherever links lead."""
    return path.resolve().is_relative_to(folder.resolve())
