"""A copied folder names the run that it was copied from: here it becomes one of its own."""

import os
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid5

from sqlalchemy import Engine

from db.engine import session_scope
from db.errors import NotFound
from db.queries.runs import runs
from deeptracker.errors import DeepTrackerError
from deeptracker.format import Manifest
from ingest.locations import Place, read_place
from ingest.sources import Source
from ingest.sources.copied import CopiedSource
from ingest.sources.opening import open_source


def run_of_copy(manifest: Manifest, location: str) -> str:
    """Return the UUID that the run has where its log at `location` is a copy of another one."""
    return uuid5(UUID(manifest.run), location).hex


def told_apart(
    engine: Engine, source: Source, manifest: Manifest, *, roots: Sequence[Place] | None
) -> Source:
    """Return the source; for a copy of a log that is loaded and still there, as a run of its own.

    A log that was moved keeps its run. What was once loaded as a copy stays one.
    """
    copied = run_of_copy(manifest, source.location)
    if _location(engine, copied) is not None:
        return CopiedSource(source, run=copied)
    original = _location(engine, manifest.run)
    if original is None or original == source.location:
        return source
    if _same_folder(original, source.location) or not _is_log_of(original, manifest.run, roots):
        return source
    return CopiedSource(source, run=copied)


def _location(engine: Engine, run: str) -> str | None:
    try:
        with session_scope(engine) as session:
            return runs.get_run_by_uuid(session, uuid=run).location
    except NotFound:
        return None


def _same_folder(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def _is_log_of(location: str, run: str, roots: Sequence[Place] | None) -> bool:
    try:
        place = read_place(location)
        found = open_source(
            place.resolve() if isinstance(place, Path) else place, roots=roots
        ).manifest()
    except (DeepTrackerError, OSError):
        return False
    return found is not None and run in (found.run, *found.ancestors)
