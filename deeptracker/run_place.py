"""The folder that a run is recorded into: locked for this process alone, or another one beside."""

from dataclasses import dataclass
from pathlib import Path

from deeptracker.errors import RecordingError
from deeptracker.format import MANIFEST, Manifest
from deeptracker.run_identity import beside, old_manifest, refuse_foreign, tell_of_another_folder
from deeptracker.run_lock import RunLock, RunLocked


@dataclass(frozen=True)
class Place:
    """A folder that this process holds; `old` is the manifest of the run that goes on in it."""

    path: Path
    lock: RunLock
    old: Manifest | None = None
    made: bool = False

    @property
    def begun_with(self) -> int | None:
        """Return with how many validation images the run in it was begun, None for a new one."""
        return None if self.old is None else len(self.old.images.class_id)

    def give_back(self) -> None:
        """Let go of the folder; one that was made for nothing goes, too."""
        self.lock.release()
        if self.made and not any(self.path.iterdir()):
            self.path.rmdir()


def take_place(run_dir: Path, *, goes_on: bool) -> Place:
    """Take a folder for a run that begins, or that `goes_on` in it.

    A folder that holds a run already, or that another process records into, is refused to a run
    that begins: a folder beside it is taken instead, with a warning that says what to do. Raises
    RunLocked where another process records a run that should go on, ForeignRunDirectory where the
    folder holds something else, RecordingError where it cannot be written.
    """
    if goes_on:
        return _take(run_dir, goes_on=True)
    chosen, why = run_dir, ""
    while True:
        if (chosen / MANIFEST).exists():
            why = why or f"holds the run {old_manifest(chosen).name!r} already"
            chosen = beside(run_dir)
            continue
        try:
            place = _take(chosen, goes_on=False)
        except RunLocked as error:
            why = why or str(error).partition(": ")[2].partition(";")[0].join(("is in use: ", ""))
            chosen = beside(run_dir)
            continue
        if why:
            tell_of_another_folder(run_dir, chosen, why)
        return place


def _take(path: Path, *, goes_on: bool) -> Place:
    there = (path / MANIFEST).exists()
    if not there:
        refuse_foreign(path)
    elif goes_on:
        old_manifest(path)  # what cannot be read is refused before anything is touched
    made = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = RunLock(path).acquire()
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be written ({error.strerror}); choose another run directory"
        ) from error
    old: Manifest | None = None
    try:
        if (path / MANIFEST).exists():
            if not goes_on:
                raise RunLocked(f"{path}: another process has just begun a run in it; wait")
            old = old_manifest(path)
    except BaseException:
        lock.release()
        raise
    return Place(path, lock, old, made)
