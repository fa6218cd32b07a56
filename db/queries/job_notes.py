"""What a worker notes down about an ingest job: taken, how far, lines, how it ended."""

from typing import Any

from sqlalchemy import func, insert, update
from sqlalchemy.orm import Session

from db.models import IngestJob, IngestJobLine
from db.queries.jobs import OPEN_STATES, JobRow, get_job
from db.queue import withdraw_help

MAX_LINE = 2_000


def claim(session: Session, *, job_id: int, worker: str | None = None) -> JobRow | None:
    """Mark a job as running by this worker; None where it is over, cancelled, or gone."""
    claimed = session.execute(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state.in_(OPEN_STATES))
        .values(
            state="running",
            attempts=IngestJob.attempts + 1,
            started_at=func.coalesce(IngestJob.started_at, func.now()),
            heartbeat_at=func.now(),
            worker=worker,
        )
        .returning(IngestJob.id)
    )
    return None if claimed.one_or_none() is None else get_job(session, job_id=job_id)


def put_back(session: Session, *, job_id: int, message: str) -> None:
    """Mark a job as waiting again, through no fault of its own: this attempt does not count."""
    session.execute(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state == "running")
        .values(state="queued", message=message, attempts=func.greatest(IngestJob.attempts - 1, 0))
    )
    withdraw_help(session, job_id=job_id)


def beat(session: Session, *, job_id: int, **progress: Any) -> bool:
    """Note that the job lives, and its progress (columns); return whether it shall end.

    It shall also end where it is over by somebody else's word, or gone.
    """
    wanted = session.scalars(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state.in_(OPEN_STATES))
        .values(state="running", heartbeat_at=func.now(), **progress)
        .returning(IngestJob.cancel_requested)
    ).one_or_none()
    return wanted is None or wanted


def add_line(session: Session, *, job_id: int, text: str) -> None:
    """Add a line to the job's log."""
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
            heartbeat_at=func.now(),
            finished_at=func.now(),
        )
    )
    withdraw_help(session, job_id=job_id)


def _plain(text: str) -> str:
    """Return text that PostgreSQL takes: a file's name may hold any bytes."""
    return text[:MAX_LINE].encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
