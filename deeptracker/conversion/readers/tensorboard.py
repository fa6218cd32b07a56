"""TensorBoard's event files: those of a folder and below it, as one run."""

import os
import time
from pathlib import Path, PurePosixPath

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import (
    Reader,
    StoredRun,
    files_below,
    gone_note,
    several_in,
)
from deeptracker.conversion.readers.event_file import EventFile
from deeptracker.conversion.readers.event_join import collected_of
from deeptracker.conversion.readers.event_records import is_event_file
from deeptracker.conversion.readers.event_runs import bases_of
from deeptracker.errors import LogError

# What writers call their files. Not all that is called so is one, and others are, too.
NAMED = "tfevents"
# Where looking for new files takes long, it takes at most this part of the time.
_LONG_SECONDS, _BUSY = 0.05, 0.1


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return a reader of the event files in a folder and below, or of the one that it is.

    Raises LogError where the folder has several runs and `run` names none of them.
    """
    if folder.is_file():
        return [EventsReader(folder)] if _is_meant(folder) else []
    bases = _bases(folder)
    if run is not None:
        return [EventsReader(bases[run], root=folder, name=bases[run].name)] if run in bases else []
    if len(bases) > 1:
        raise several_in(folder, "TensorBoard", list(bases))
    return [EventsReader(base, root=folder) for base in bases.values()]


def runs(folder: Path) -> list[StoredRun]:
    """Return the runs of which a folder holds event files; a single one is the folder's own."""
    if folder.is_file():
        return []
    bases = _bases(folder)
    return [StoredRun(id, base.name) for id, base in bases.items()] if len(bases) > 1 else []


def _is_meant(path: Path) -> bool:
    """Say whether a file is an event file, or is called so: then what is wrong with it is said."""
    return is_event_file(path) or NAMED in path.name


def _bases(folder: Path) -> dict[str, Path]:
    """Return the folders of the runs below a folder, by their path from there."""
    try:
        below = {path.parent.relative_to(folder) for path in files_below(folder) if _is_meant(path)}
    except OSError as error:
        place = error.filename or folder
        raise LogError(place, "", f"cannot be read ({error.strerror})") from error
    bases = bases_of(PurePosixPath(one.as_posix()) for one in below)
    parents = {base.parent for base in bases}
    if len(bases) > 1 and len(parents) == 1 and _starts(folder / (parent := parents.pop())):
        bases = [parent]
    return {base.as_posix(): folder / base for base in bases}


def _starts(folder: Path) -> bool:
    """Say whether the folders in here are starts of one training, as Hugging Face's Trainer has it.

    It makes one for each start, in a folder `runs` beside the checkpoints.
    """
    return folder.name == "runs" and any(
        next(folder.parent.glob(pattern), None) is not None
        for pattern in ("trainer_state.json", "checkpoint-*/trainer_state.json")
    )


class EventsReader:
    """The event files of one run, in its folder and below, or a single one."""

    def __init__(self, path: Path, *, root: Path | None = None, name: str = "") -> None:
        self.path = path
        self._root = root or path.parent
        self._name = name
        self._files: dict[Path, EventFile] = {}
        self._gone: set[Path] = set()
        self._others: set[tuple[Path, int]] = set()
        self._look_at = 0.0
        self._said: list[str] = []
        self._found: Collected | None = None

    def read(self) -> Collected:
        """Return all that the files hold now; see Reader."""
        try:
            changed = self._look()
        except OSError as error:
            place = error.filename or self.path
            raise LogError(place, "", f"cannot be read ({error.strerror})") from error
        errors = []
        for path, file in self._files.items():
            if path in self._gone:
                continue
            try:
                changed = file.advance() or changed
            except LogError as error:
                if os.path.lexists(path):
                    errors.append(error)
                else:
                    self._gone.add(path)
                    changed = True
        if errors and len(errors) == len(self._files):
            raise errors[0]
        said = [str(error) for error in errors]
        if changed or said != self._said or self._found is None:
            self._found, self._said = self._gather(errors), said
        return self._found

    def _gather(self, errors: list[LogError]) -> Collected:
        files = list(self._files.values())
        if files and all(file.damage and file.events.first > 1e300 for file in files):
            raise LogError(files[0].path, "", f"has nothing that can be read {files[0].damage}")
        found = collected_of(
            {file.path: file.events for file in files},
            base=self.path.parent if self.path.is_file() else self.path,
            starts=self.path.is_dir() and _starts(self.path),
        )
        for file in files:
            if file.damage:
                found.drop(f"what {file.path.name} holds {file.damage}")
        for error in errors:
            found.drop(f"{error.file}, which {error.problem}")
        found.notes += [gone_note(str(path.relative_to(self._root))) for path in sorted(self._gone)]
        found.name = self._name
        found.files = [str(path.relative_to(self._root)) for path in self._files]
        return found

    def _look(self) -> bool:
        """Look for files that are new, and for those that are gone; say whether there were any."""
        begun = time.monotonic()
        if begun < self._look_at:
            return False
        before = set(self._files), self._gone
        if self.path.is_file():
            there = [self.path]
        else:
            there = [path for path in files_below(self.path, root=self._root) if self._is_one(path)]
        self._keep(there)
        took = time.monotonic() - begun
        if took > _LONG_SECONDS:
            self._look_at = begun + took / _BUSY
        return (set(self._files), self._gone) != before

    def _keep(self, there: list[Path]) -> None:
        """Take up files that are new; what was read of those that are gone stays.

        One that is called otherwise now is the same file.
        """
        gone = {path: file for path, file in self._files.items() if not os.path.lexists(path)}
        for path in set(there) - self._files.keys():
            before = next((old for old, file in gone.items() if file.is_at(path)), None)
            self._files[path] = EventFile(path) if before is None else gone.pop(before)
            self._files[path].path = path
        gone = {path: file for path, file in gone.items() if file.events.values}
        self._gone = set(gone)
        self._files = {path: self._files[path] for path in sorted({*there, *gone})}

    def _is_one(self, path: Path) -> bool:
        """Say whether a file is one of ours; of others, that is found out once."""
        if path in self._files:
            return True
        try:
            key = path, path.stat().st_ino
            if key in self._others:
                return False
            if _is_meant(path):
                return True
            if path.stat().st_size >= 64:
                self._others.add(key)
        except OSError:  # taken away meanwhile
            pass
        return False
