"""Ingest jobs: what the page shows and asks for, and what a worker notes down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.orm import Session

from db import queue
from db.errors import Conflict, NotFound
from db.models import Account, IngestJob, IngestJobLine, Run
from db.models.jobs import JOB_MODES

OPEN_STATES = ("queued", "running")
MAX_LOCATION = 4_096
MAX_LINE = 2_000


@dataclass(frozen=True)
class JobRow:
    """One ingest job. `done` of `total` snapshots; `rate` in snapshots a second.

    `error` is safe to show and `error_file` is what it is about; a job may have succeeded and have
    one, where some snapshots could not be used.
    """

    id: int
    run_id: int | None
    run_name: str | None
    location: str
    mode: str
    state: str
    done: int
    total: int | None
    rate: float | None
    remaining_seconds: float | None
    message: str
    error: str | None
    error_file: str | None
    requested_by: int | None
    requested_by_name: str | None
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool
    attempts: int


@dataclass(frozen=True)
class JobLine:
    """One line of a job's log."""

    id: int
    at: datetime
    text: str


def _rows() -> Select[Any]:
    columns = [
        getattr(IngestJob, name)
        for name in JobRow.__dataclass_fields__
        if name not in ("run_name", "requested_by_name")
    ]
    return (
        select(*columns, Run.name.label("run_name"), Account.name.label("requested_by_name"))
        .outerjoin(Run, Run.id == IngestJob.run_id)
        .outerjoin(Account, Account.id == IngestJob.requested_by)
    )


def list_jobs(session: Session, *, limit: int = 200, run_id: int | None = None) -> list[JobRow]:
    """Return the newest jobs first, at most `limit`; those of one run where `run_id` is given."""
    query = _rows().order_by(IngestJob.id.desc()).limit(limit)
    if run_id is not None:
        query = query.where(IngestJob.run_id == run_id)
    return [JobRow(**row._mapping) for row in session.execute(query)]


def get_job(session: Session, *, job_id: int) -> JobRow:
    """Return one job; NotFound where there is none."""
    row = session.execute(_rows().where(IngestJob.id == job_id)).one_or_none()
    if row is None:
        raise NotFound("ingest job", job_id)
    return JobRow(**row._mapping)


def lines(session: Session, *, job_id: int, after: int = 0, limit: int = 500) -> list[JobLine]:
    """Return the log lines of a job after the line `after`, oldest first, at most `limit`."""
    query = (
        select(IngestJobLine.id, IngestJobLine.at, IngestJobLine.text)
        .where(IngestJobLine.job_id == job_id, IngestJobLine.id > after)
        .order_by(IngestJobLine.id)
        .limit(limit)
    )
    return [JobLine(*row) for row in session.execute(query)]


def request(
    session: Session, *, location: str, mode: str = "once", requested_by: int | None = None
) -> int:
    """Ask for a loading of the log at `location`, in this transaction; return the job's id.

    Whether the location may be read is for the worker to say. Conflict where it is no location at
    all, or where a job for it is already queued or running.
    """
    if mode not in JOB_MODES:
        raise Conflict(f"The mode must be one of {', '.join(JOB_MODES)}.")
    location = location.strip()
    if not 0 < len(location) <= MAX_LOCATION or not location.isprintable():
        raise Conflict("The location must be the path of a run directory.")
    same = select(IngestJob.id).where(
        IngestJob.location == location, IngestJob.state.in_(OPEN_STATES)
    )
    other = session.scalars(same.limit(1)).first()
    if other is not None:
        raise Conflict(f"Job {other} is loading this log already; wait for it, or cancel it.")
    job_id = session.scalars(
        insert(IngestJob)
        .values(location=location, mode=mode, requested_by=requested_by)
        .returning(IngestJob.id)
    ).one()
    queue.defer(session, task=queue.INGEST, arguments={"job_id": job_id})
    return job_id


def cancel(session: Session, *, job_id: int) -> JobRow:
    """Ask a job to end: at once where it is queued, after its present batch where it runs.

    What it has loaded stays. A job that is over stays as it is. NotFound.
    """
    get_job(session, job_id=job_id)
    session.execute(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state == "queued")
        .values(state="cancelled", finished_at=func.now(), message="Cancelled before it began.")
    )
    session.execute(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state == "running")
        .values(cancel_requested=True)
    )
    return get_job(session, job_id=job_id)


def retry(session: Session, *, job_id: int) -> JobRow:
    """Queue a job again that failed, was cancelled or is done. NotFound; Conflict where it runs."""
    job = get_job(session, job_id=job_id)
    reset = session.execute(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state.not_in(OPEN_STATES))
        .values(
            state="queued",
            message="",
            error=None,
            error_file=None,
            done=0,
            total=None,
            rate=None,
            remaining_seconds=None,
            finished_at=None,
            cancel_requested=False,
            attempts=0,
        )
        .returning(IngestJob.id)
    )
    if reset.one_or_none() is None:
        raise Conflict(f"Job {job_id} is {job.state}; it can be retried when it is over.")
    queue.defer(session, task=queue.INGEST, arguments={"job_id": job_id})
    return get_job(session, job_id=job_id)


def claim(session: Session, *, job_id: int) -> JobRow | None:
    """Mark a job as running by this worker; None where it is over, cancelled, or gone."""
    claimed = session.execute(
        update(IngestJob)
        .where(IngestJob.id == job_id, IngestJob.state.in_(OPEN_STATES))
        .values(
            state="running",
            attempts=IngestJob.attempts + 1,
            started_at=func.coalesce(IngestJob.started_at, func.now()),
            heartbeat_at=func.now(),
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


def _plain(text: str) -> str:
    """Return text that PostgreSQL takes: a file's name may hold any bytes."""
    return text[:MAX_LINE].encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
