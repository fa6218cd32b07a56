"""What watched folders hold: their runs, recorded or of other tools, and how to load each."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from db.engine import session_scope
from db.queries.jobs import watches
from db.queries.jobs.watches import Found
from deeptracker.errors import LogError
from deeptracker.format import MANIFEST, SNAPSHOTS
from ingest.locations import (
    LocationRefused,
    ObjectFolder,
    Place,
    StoredRunPlace,
    resolve_location,
)
from ingest.object_store import ObjectStore
from ingest.other_runs import OtherRuns

# A log that did not grow for so long is loaded once, not followed: a training that crashed long
# ago should not keep a worker waiting. It is taken up again when it grows.
FRESH = timedelta(hours=1)
LOOK_SECONDS = 5.0
LOOK_INTO_OBJECTS_SECONDS = 30.0
# Another worker may be able to read what this one cannot.
_OTHERS_SECONDS = 3 * LOOK_INTO_OBJECTS_SECONDS
_OTHERS = OtherRuns()


class FolderWatch:
    """Looks into the watched folders that lie under the roots of this worker."""

    def __init__(self, engine: Engine, roots: Sequence[Place]) -> None:
        self._engine, self._roots = engine, roots

    def look(self) -> None:
        """Ask for jobs for what is new, and note which folders cannot be read."""
        with session_scope(self._engine) as session:
            due = watches.due_watches(session, seconds=LOOK_SECONDS)
            rested = watches.due_watches(session, seconds=LOOK_INTO_OBJECTS_SECONDS)
        for watch_id, location in due:
            try:
                folder = resolve_location(location, roots=self._roots, itself=True)
                if isinstance(folder, ObjectFolder) and (watch_id, location) not in rested:
                    continue
                found = run_directories(folder)
            except (LocationRefused, LogError) as error:
                self._note(watch_id, str(error))
                continue
            with session_scope(self._engine) as session:
                watches.take_finds(session, watch_id=watch_id, found=found)

    def _note(self, watch_id: int, problem: str) -> None:
        with session_scope(self._engine) as session:
            watches.note_problem(
                session, watch_id=watch_id, problem=problem, seconds=_OTHERS_SECONDS
            )


def run_directories(folder: Place) -> list[Found]:
    """Return the runs directly in a folder, those that grew longest ago first.

    A folder with a run.json is one; of others, what other tools left in them. Symbolic links are
    passed over. LogError where the folder cannot be read.
    """
    found = _objects(folder) if isinstance(folder, ObjectFolder) else _files(_path(folder))
    return sorted(found, key=lambda one: (one.changed_at, one.location))


def _files(folder: Path) -> list[Found]:
    try:
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
    except OSError as error:
        raise LogError(folder, "", f"cannot be watched ({error.strerror})") from error
    found = []
    for name in names:
        times = [_changed(folder / name / part) for part in (MANIFEST, SNAPSHOTS)]
        if not name.isprintable() or name.startswith("."):
            continue
        if times[0] is not None:
            changed = max(time for time in times if time is not None)
            found.append(_found(str(folder / name), changed))
            continue
        for location, seconds in _OTHERS.look(folder / name):
            found.append(_found(location, datetime.fromtimestamp(seconds, UTC)))
    return found


def _changed(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(os.lstat(path).st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None


def _objects(folder: ObjectFolder) -> list[Found]:
    """Look at run.json alone: to list every snapshot of every run would be too much."""
    store = ObjectStore()
    found = []
    for name, entry in store.entries(folder).items():
        if entry.size is None and name.isprintable():
            manifest = store.entries(folder / name).get(MANIFEST)
            if manifest is not None:
                found.append(_found(str(folder / name), manifest.changed_at))
    return found


def _found(location: str, changed_at: datetime) -> Found:
    fresh = datetime.now(UTC) - changed_at < FRESH
    return Found(location, "follow" if fresh else "once", changed_at)


def _path(folder: Path | StoredRunPlace) -> Path:
    return folder if isinstance(folder, Path) else folder.path
