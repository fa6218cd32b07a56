"""One ingest job from its row to its end: place, load, progress, log lines, errors."""

import contextlib
import logging
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from db.engine import session_scope
from db.errors import RunBusy
from db.queries import job_notes, jobs
from deeptracker.errors import DeepTrackerError, LogError
from ingest.locations import Place, resolve_location
from ingest.pipeline import StoppedWaiting, load_log
from ingest.report import LoadReport, Progress
from ingest.sharing import Sharing

logger = logging.getLogger(__name__)

# A job that ends its worker's process every time shall not do so for ever.
MAX_ATTEMPTS = 10
_GIVEN_UP = f"It was interrupted {MAX_ATTEMPTS} times; the workers' logs say by what."
_BEAT_SECONDS = 1.0
_PROGRESS_SECONDS = 0.3


class WorkerStopping(Exception):  # noqa: N818 - a request, no error
    """The worker is asked to stop: the job goes back to the queue."""


class _Notes:
    """Writes the job's row and lines, each in a transaction of its own."""

    def __init__(self, engine: Engine, job_id: int, stopping: Callable[[], bool]) -> None:
        self._engine, self._job_id, self.stopping = engine, job_id, stopping
        self._beaten = 0.0
        self._coming: dict[str, object] = {}
        self.cancelled = False

    def should_stop(self) -> bool:
        if time.monotonic() - self._beaten >= _BEAT_SECONDS:
            self._beat()
        return self.cancelled or self.stopping()

    def progress(self, progress: Progress) -> None:
        self._coming = {
            "run_id": progress.run_id,
            "done": progress.done,
            "total": progress.total,
            "rate": progress.rate,
            "remaining_seconds": progress.remaining_seconds,
            "message": progress.message,
        }
        # Not each of many small batches at once; the next sign of life tells the last of them.
        if time.monotonic() - self._beaten >= _PROGRESS_SECONDS or progress.done == progress.total:
            self._beat()

    def _beat(self) -> None:
        values, self._coming = self._coming, {}
        with session_scope(self._engine) as session:
            self.cancelled = job_notes.beat(session, job_id=self._job_id, **values)
        self._beaten = time.monotonic()

    def line(self, text: str) -> None:
        with session_scope(self._engine) as session:
            job_notes.add_line(session, job_id=self._job_id, text=text)

    def finish(self, state: str, message: str, *, error: Exception | str | None = None) -> None:
        file = str(error.file) if isinstance(error, LogError) else None
        with session_scope(self._engine) as session:
            job_notes.finish(
                session,
                job_id=self._job_id,
                state=state,
                message=message,
                error=None if error is None else str(error),
                error_file=file,
            )

    def put_back(self, message: str) -> None:
        with session_scope(self._engine) as session:
            job_notes.put_back(session, job_id=self._job_id, message=message)


def run_job(
    engine: Engine,
    *,
    job_id: int,
    roots: Sequence[Place],
    stopping: Callable[[], bool],
    worker: str | None = None,
) -> None:
    """Run the ingest job in the name of `worker`; nothing happens where it is over already.

    Raises RunBusy, WorkerStopping or OperationalError where the job shall be tried again, which its
    row then says; every other error ends the job and is kept in its row.
    """
    with session_scope(engine) as session:
        job = job_notes.claim(session, job_id=job_id, worker=worker)
    if job is None:
        return
    notes = _Notes(engine, job_id, stopping)
    if job.cancel_requested:
        notes.finish("cancelled", "Cancelled.")
        return
    if job.attempts > MAX_ATTEMPTS:
        notes.finish("failed", "Given up.", error=_GIVEN_UP)
        return
    if job.attempts > 1:
        notes.line("Taken up again: the worker before did not finish.")
    _run(engine, job, roots, notes)


def _run(engine: Engine, job: jobs.JobRow, roots: Sequence[Place], notes: _Notes) -> None:
    try:
        report = _load(engine, job, roots, notes)
    except RunBusy:
        notes.put_back("Waits: another job is loading this run.")
        raise
    except StoppedWaiting:
        _end_waiting(notes)
    except OperationalError as error:
        logger.exception("ingest job %s lost its database", job.id)
        with contextlib.suppress(OperationalError):  # it may still be away
            notes.line(f"Interrupted, and tried again: {_said_by_server(error)}")
        raise
    except DeepTrackerError as error:
        notes.line(f"Failed: {error}")
        notes.finish("failed", "Failed.", error=error)
    except Exception as error:
        # Its text might show what a user must not see; the worker's log has it.
        logger.exception("ingest job %s failed", job.id)
        notes.finish(
            "failed",
            "Failed.",
            error=f"Unexpected {type(error).__name__}; the worker's log has more (job {job.id}).",
        )
    else:
        _conclude(report, notes)


def _said_by_server(error: OperationalError) -> str:
    """Return the server's own first line, as of a full disk; a lost connection names hosts."""
    said = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    return f"the database said: {said}." if said else "the database did not answer."


def _load(engine: Engine, job: jobs.JobRow, roots: Sequence[Place], notes: _Notes) -> LoadReport:
    path = resolve_location(job.location, roots=roots)
    return load_log(
        engine,
        path,
        follow=job.mode == "follow",
        owner_id=job.requested_by,
        on_progress=notes.progress,
        on_line=notes.line,
        should_stop=notes.should_stop,
        roots=roots,
        sharing=None if job.worker is None else Sharing(job.id, job.worker),
    )


def _end_waiting(notes: _Notes) -> None:
    if not notes.cancelled:
        notes.put_back("Waits for another worker.")
        raise WorkerStopping
    notes.finish("cancelled", "Cancelled before the log appeared.")


def _conclude(report: LoadReport, notes: _Notes) -> None:
    if report.ended == "stopped" and not notes.cancelled:
        notes.put_back("Waits for another worker.")
        raise WorkerStopping
    for line in report.lines(bad=False):
        notes.line(line)
    summary = next(report.lines(bad=False))
    if report.ended == "stopped":
        notes.finish("cancelled", f"Cancelled. {summary}")
    elif report.bad and not report.loaded:
        notes.finish("failed", "No snapshot could be used.", error=report.bad[0])
    else:
        notes.finish("succeeded", summary, error=report.bad[0] if report.bad else None)
