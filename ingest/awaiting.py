"""Jobs that wait for their log to appear: looked for beside the jobs, so that no place is taken."""

import time
from collections.abc import Sequence

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Engine

from db.engine import session_scope
from db.queries.jobs import job_notes, job_upkeep
from db.queries.jobs.job_upkeep import AwaitedJob
from deeptracker.errors import LogError
from deeptracker.format import MANIFEST
from ingest.locations import LocationRefused, ObjectFolder, Place, resolve_location
from ingest.sources.opening import is_there

# Every look at object storage is a request there.
LOOK_INTO_OBJECTS_SECONDS = 30.0


class FollowSettings(BaseSettings):
    """DEEPTRACKER_FOLLOW_WAIT_SECONDS: how long a job waits for its log to appear; frozen."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    wait_seconds: float = Field(
        default=6 * 3600.0, gt=0, validation_alias="DEEPTRACKER_FOLLOW_WAIT_SECONDS"
    )


class LogWatch:
    """Looks for the logs of all jobs that wait for one, as far as they lie under `roots`."""

    def __init__(
        self, engine: Engine, roots: Sequence[Place], settings: FollowSettings | None = None
    ) -> None:
        self._engine, self._roots = engine, roots
        self._most = (settings or FollowSettings()).wait_seconds
        self._looked: dict[str, float] = {}

    def look(self) -> None:
        """Queue the jobs whose log is there; end those that waited for too long, or in vain."""
        with session_scope(self._engine) as session:
            waiting = job_upkeep.awaited_jobs(session)
        self._looked = {j.location: self._looked.get(j.location, 0.0) for j in waiting}
        for job in waiting:
            if self._is_there(job.location):
                with session_scope(self._engine) as session:
                    job_upkeep.end_waiting(session, job_id=job.id)
            elif self._is_elsewhere(job):
                self._end_moved(job)
            elif job.seconds > self._most:
                self._give_up(job)

    def _is_there(self, location: str) -> bool:
        """Return whether a job would find a log, be it one that cannot be used."""
        try:
            place = resolve_location(location, roots=self._roots)
            if isinstance(place, ObjectFolder) and not self._is_time(location):
                return False
            return is_there(place, roots=self._roots)
        except LocationRefused:
            return False  # another worker may read it
        except LogError:
            return True  # the job will say what is wrong with it

    def _is_elsewhere(self, job: AwaitedJob) -> bool:
        """Return whether the run was loaded since from another place, where its log now is."""
        if job.loaded_from is None or job.loaded_from == job.location:
            return False
        try:
            return is_there(resolve_location(job.loaded_from, roots=self._roots), roots=self._roots)
        except (LocationRefused, LogError):
            return False

    def _is_time(self, location: str) -> bool:
        now = time.monotonic()
        due = now - self._looked[location] >= LOOK_INTO_OBJECTS_SECONDS
        if due:
            self._looked[location] = now
        return due

    def _end_moved(self, job: AwaitedJob) -> None:
        message = f"Its log was moved to {job.loaded_from}, and the run was loaded from there."
        with session_scope(self._engine) as session:
            job_notes.add_line(session, job_id=job.id, text=message)
            job_notes.finish(session, job_id=job.id, state="succeeded", message=message)

    def _give_up(self, job: AwaitedJob) -> None:
        file = f"{job.location.rstrip('/')}/{MANIFEST}"
        if job.loaded_from is None:
            message = "Its log did not appear."
            error = (
                f"{file} did not appear within {_said(self._most)}. Start the training, or give "
                "the folder that it writes to, and retry."
            )
        else:
            message = "Its log was moved, renamed or deleted."
            error = (
                f"{file} was moved, renamed or deleted {_said(self._most)} ago, after a part of it "
                "was loaded. Load it from where it is now; or bring it back, and retry."
            )
        with session_scope(self._engine) as session:
            job_notes.add_line(session, job_id=job.id, text=f"Failed: {error}")
            job_notes.finish(
                session,
                job_id=job.id,
                state="failed",
                message=message,
                error=error,
                error_file=file,
            )


def _said(seconds: float) -> str:
    """Return a time in words: "6 hours", "90 seconds"."""
    for size, unit in ((3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            number = round(seconds / size)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds:g} seconds"
