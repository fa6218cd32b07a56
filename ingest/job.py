"""One ingest job from its row to its end: place, load, progress, log lines, errors."""

import logging
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Engine

from db.away import is_away, is_outage, said_by_server
from db.engine import session_scope
from db.errors import RunBusy, StoreError
from db.queries.jobs import job_notes, jobs
from db.queries.runs import run_upkeep
from deeptracker.errors import DeepTrackerError, LogError
from ingest.hand import Interruptions
from ingest.locations import Place, resolve_location
from ingest.pipeline import LogAwaited, OnLoaded, load_log
from ingest.report import LoadReport, Progress

logger = logging.getLogger(__name__)

# A job that ends its worker's process every time should not do so for ever.
MAX_ATTEMPTS = 10
_GIVEN_UP = f"It was interrupted {MAX_ATTEMPTS} times; the workers' logs say by what."
_BEAT_SECONDS = 1.0
_PROGRESS_SECONDS = 0.3


class WorkerStopping(Exception):  # noqa: N818 - a request, no error
    """The worker is asked to stop: the job goes back to the queue."""


class _Notes:
    """Writes the job's row and lines, each in a transaction of its own."""

    def __init__(
        self,
        engine: Engine,
        job_id: int,
        worker: str | None,
        stopping: Callable[[], bool],
        on_loaded: OnLoaded,
    ) -> None:
        self._engine, self._job_id, self._worker = engine, job_id, worker
        self.on_loaded = on_loaded
        self.stopping = stopping
        self._beaten = 0.0
        self._coming: dict[str, object] = {}
        self.cancelled = False
        # Whether the job has loaded anything, now or in an earlier attempt.
        self.loaded = False
        # What the run is to be called as soon as it is there, and in whose name.
        self.title: tuple[str, int] | None = None

    def should_stop(self) -> bool:
        if time.monotonic() - self._beaten >= _BEAT_SECONDS:
            self._beat()
        return self.cancelled or self.stopping()

    def progress(self, progress: Progress) -> None:
        self.loaded = True
        if self.title is not None and progress.run_id is not None:
            self._call(progress.run_id, *self.title)
            self.title = None
        self._coming = {
            "run_id": progress.run_id,
            "done": progress.done,
            "total": progress.total,
            "rate": progress.rate,
            "remaining_seconds": progress.remaining_seconds,
            "message": progress.message,
        }
        # Not each of many small batches at once; the next heartbeat tells the last of them.
        if time.monotonic() - self._beaten >= _PROGRESS_SECONDS or progress.done == progress.total:
            self._beat()

    def _beat(self) -> None:
        values, self._coming = self._coming, {}
        with session_scope(self._engine) as session:
            self.cancelled = job_notes.beat(session, job_id=self._job_id, **values)
        self._beaten = time.monotonic()

    def _call(self, run_id: int, title: str, by: int) -> None:
        try:
            with session_scope(self._engine) as session:
                run_upkeep.rename(session, by=by, run_id=run_id, title=title)
        except StoreError as error:
            self.line(f"The run keeps its name: {error}")

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

    def put_back(self, message: str, *, counts: bool = False) -> None:
        with session_scope(self._engine) as session:
            job_notes.put_back(
                session,
                job_id=self._job_id,
                worker=self._worker,
                message=message,
                counts=counts,
            )

    def await_log(self, file: object) -> None:
        # A log of any kind may come there, or the folder itself.
        folder = str(file).rpartition("/")[0]
        message = f"Waiting for a log in {folder}."
        if self.loaded:
            message = (
                f"Its log was moved, renamed or deleted: waiting until it is back in {folder}."
            )
        with session_scope(self._engine) as session:
            job_notes.add_line(session, job_id=self._job_id, text=message)
            job_notes.await_log(session, job_id=self._job_id, worker=self._worker, message=message)


def run_job(
    engine: Engine,
    *,
    job_id: int,
    roots: Sequence[Place],
    stopping: Callable[[], bool],
    worker: str | None = None,
    interruptions: Interruptions | None = None,
    on_loaded: OnLoaded = lambda engine, run_id: None,
) -> None:
    """Run the ingest job in the name of `worker`; nothing happens where it is over already.

    Raises RunBusy, WorkerStopping or an error of the database (db.away) where the job should be
    tried again, which its row then says; where it cannot, `interruptions` keep account, and the
    next claim makes up for it. Every other error ends the job and is kept in its row. A job whose
    log is not there yet waits for it off the queue.
    """
    kept = interruptions or Interruptions()
    notes = _Notes(engine, job_id, worker, stopping, on_loaded)
    try:
        number, said = kept.pending().get(job_id, (0, ""))
        with session_scope(engine) as session:
            job = job_notes.claim(session, job_id=job_id, worker=worker, forgiven=number)
        kept.told(job_id, number)
        if job is not None:
            if said:
                notes.line(said)
            _begin(engine, job, roots, notes)
    except Exception as error:
        if is_away(error):
            _interrupted(error, job_id, notes, kept)
        raise


def _interrupted(error: Exception, job_id: int, notes: _Notes, kept: Interruptions) -> None:
    """Say that the database ended this attempt; an outage is no fault of the job."""
    logger.warning("ingest job %s lost its database: %s", job_id, getattr(error, "orig", error))
    said = said_by_server(error)
    line = f"Interrupted, and tried again: {said}"
    try:
        notes.put_back(f"Waits: {said}", counts=not is_outage(error))
    except Exception as again:
        if not is_away(again):
            raise
        kept.add(job_id, line)
        return
    try:
        notes.line(line)
    except Exception as again:  # where the disk is full, a row may change, but none be added
        if not is_away(again):
            raise


def _begin(engine: Engine, job: jobs.JobRow, roots: Sequence[Place], notes: _Notes) -> None:
    if job.cancel_requested:
        notes.finish("cancelled", "Cancelled.")
        return
    if job.attempts > MAX_ATTEMPTS:
        notes.finish("failed", "Given up.", error=_GIVEN_UP)
        return
    if job.attempts > 1:
        notes.line("Resumed: the previous worker did not finish.")
    _run(engine, job, roots, notes)


def _run(engine: Engine, job: jobs.JobRow, roots: Sequence[Place], notes: _Notes) -> None:
    try:
        report = _load(engine, job, roots, notes)
    except RunBusy as busy:
        notes.put_back(f"Waits: {busy}")
        raise
    except LogAwaited as error:
        notes.await_log(error.file)
    except DeepTrackerError as error:
        notes.line(f"Failed: {error}")
        notes.finish("failed", "Failed.", error=error)
    except Exception as error:
        if is_away(error):
            raise
        # Its text might show what a user must not see; the worker's log has it.
        logger.exception("ingest job %s failed", job.id)
        notes.finish(
            "failed",
            "Failed.",
            error=f"Unexpected {type(error).__name__}; the worker's log has more (job {job.id}).",
        )
    else:
        _conclude(report, notes)


def _load(engine: Engine, job: jobs.JobRow, roots: Sequence[Place], notes: _Notes) -> LoadReport:
    path = resolve_location(job.location, roots=roots)
    notes.loaded = job.run_id is not None
    if job.title is not None and job.requested_by is not None and job.run_id is None:
        notes.title = job.title, job.requested_by
    return load_log(
        engine,
        path,
        follow=job.mode == "follow",
        owner_id=job.requested_by,
        on_progress=notes.progress,
        on_line=notes.line,
        should_stop=notes.should_stop,
        roots=roots,
        wait_for_log=False,
        on_loaded=notes.on_loaded,
    )


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
