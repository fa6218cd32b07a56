"""What a worker notes down about an ingest job: taken, how far, lines, how it ended."""

from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from db.models import IngestJob, IngestJobLine
from db.queries.jobs.jobs import OPEN_STATES, JobRow, get_job

MAX_LINE = 2_000


def claim(
    session: Session, *, job_id: int, worker: str | None = None, forgiven: int = 0
) -> JobRow | None:
    """Mark a job as running by this worker; None where it is over, cancelled, or gone.

    That is one more attempt, and so many before it do not count.
    """
    claimed = session.execute(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state.in_(OPEN_STATES))
        .values(
            state="running",
            attempts=func.greatest(IngestJob.attempts - forgiven, 0) + 1,
            started_at=func.coalesce(IngestJob.started_at, func.now()),
            heartbeat_at=func.now(),
            worker=worker,
        )
        .returning(IngestJob.id)
    )
    return None if claimed.one_or_none() is None else get_job(session, job_id=job_id)


def put_back(
    session: Session, *, job_id: int, worker: str | None, message: str, counts: bool = False
) -> None:
    """Mark a job of this worker as waiting again; this attempt counts only where that is said."""
    _wait_again(session, job_id, worker, forgiven=0 if counts else 1, message=message)


def await_log(session: Session, *, job_id: int, worker: str | None, message: str) -> None:
    """Mark a job as waiting for its log to appear: off the queue until a worker sees the log.

    One that was cancelled while it looked is over: nobody would take it in hand to end it.
    """
    since = func.coalesce(IngestJob.awaited_since, func.now())
    _wait_again(session, job_id, worker, message=message, awaited_since=since)
    cancelled = select(IngestJob.id).where(
        IngestJob.id == job_id, IngestJob.state == "queued", IngestJob.cancel_requested
    )
    if session.scalars(cancelled).one_or_none() is not None:
        finish(session, job_id=job_id, state="cancelled", message="Cancelled.")


def _wait_again(
    session: Session, job_id: int, worker: str | None, *, forgiven: int = 1, **values: Any
) -> None:
    session.execute(
        update(IngestJob)
        .where(
            IngestJob.id == job_id,
            # Where this worker seemed to be gone, it may be on the queue by now, or another's.
            IngestJob.state.in_(OPEN_STATES),
            IngestJob.worker.is_not_distinct_from(worker),
        )
        .values(state="queued", attempts=func.greatest(IngestJob.attempts - forgiven, 0), **values)
    )


def forgive(session: Session, *, job_id: int, number: int, text: str) -> None:
    """Take back attempts that the worker outlived: the database ended them; a line says so."""
    forgiven = session.execute(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state.in_(OPEN_STATES))
        .values(attempts=func.greatest(IngestJob.attempts - number, 0))
        .returning(IngestJob.id)
    )
    if forgiven.one_or_none() is not None:
        add_line(session, job_id=job_id, text=text)


def beat(session: Session, *, job_id: int, **progress: Any) -> bool:
    """Note that the job lives, and its progress (columns); return whether it should end.

    It should also end where it is over by somebody else's word, or gone.
    """
    wanted = session.scalars(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state.in_(OPEN_STATES))
        .values(state="running", heartbeat_at=func.now(), **progress)
        .returning(IngestJob.cancel_requested)
    ).one_or_none()
    return wanted is None or wanted


def add_line(session: Session, *, job_id: int, text: str) -> None:
    """Add a line to the job's log, unless its last one says the same."""
    last = (
        select(IngestJobLine.text)
        .where(IngestJobLine.job_id == job_id)
        .order_by(IngestJobLine.id.desc())
        .limit(1)
    )
    if session.scalars(last).first() != _plain(text):
        session.execute(insert(IngestJobLine).values(job_id=job_id, text=_plain(text)))


def finish(
    session: Session,
    *,
    job_id: int,
    state: str,
    message: str,
    error: str | None = None,
    error_file: str | None = None,
) -> None:
    """Close a job that is open: succeeded, failed or cancelled."""
    session.execute(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state.in_(OPEN_STATES))
        .values(
            state=state,
            message=message,
            error=None if error is None else _plain(error),
            error_file=None if error_file is None else _plain(error_file),
            remaining_seconds=None,
            awaited_since=None,
            heartbeat_at=func.now(),
            finished_at=func.now(),
        )
    )


def _plain(text: str) -> str:
    """Return text that PostgreSQL takes: a file's name may hold any bytes."""
    return text[:MAX_LINE].encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
