"""Ingest jobs asked for, cancelled and queued again; job_notes.py is the worker's side."""

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from db import queue
from db.errors import Conflict
from db.models import IngestJob
from db.models.jobs import JOB_MODES
from db.queries.jobs import job_ends
from db.queries.jobs.job_rights import require_owner, require_scheduler
from db.queries.jobs.jobs import OPEN_STATES, JobRow, get_job
from db.queries.runs.run_names import checked_title

MAX_LOCATION = 4_096


def checked_location(location: str) -> str:
    """Return a location without the space around it; Conflict where it is none at all."""
    location = location.strip()
    if not 0 < len(location) <= MAX_LOCATION or not location.isprintable():
        raise Conflict("The location must be the path of a run directory.")
    return location


def checked_mode(mode: str) -> str:
    """Return a mode that there is; Conflict."""
    if mode not in JOB_MODES:
        raise Conflict(f"The mode must be one of {', '.join(JOB_MODES)}.")
    return mode


def lock_location(session: Session, location: str) -> None:
    """Let nobody else ask for this location until the transaction ends."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:location, 4))"),
        {"location": location},
    )


def open_job(session: Session, *, location: str) -> int | None:
    """Return the job that is queued or running for a location, None where there is none."""
    query = select(IngestJob.id).where(
        IngestJob.location == location, IngestJob.state.in_(OPEN_STATES)
    )
    return session.scalars(query.order_by(IngestJob.id).limit(1)).first()


def request(
    session: Session,
    *,
    location: str,
    mode: str = "once",
    requested_by: int | None = None,
    schedule_id: int | None = None,
    watch_id: int | None = None,
    title: str | None = None,
) -> int:
    """Ask for a loading of the log at `location`, in this transaction; return the job's id.

    Whether the location may be read is for the worker to say. Conflict where it is no location at
    all, or where a job for it is already queued or running. The caller has checked who asks.
    """
    values = {"mode": checked_mode(mode), "location": checked_location(location)}
    lock_location(session, values["location"])
    _refuse_second(session, values["location"])
    job_id = session.scalars(
        insert(IngestJob)
        .values(
            **values,
            requested_by=requested_by,
            schedule_id=schedule_id,
            watch_id=watch_id,
            title=title,
        )
        .returning(IngestJob.id)
    ).one()
    queue.defer(session, task=queue.INGEST, arguments={"job_id": job_id})
    return job_id


def take_over(session: Session, *, location: str, mode: str) -> int | None:
    """Let the open job for a location go on in this mode, as if it had been asked for just now.

    Return its id, None where none is open. Where a worker has it in hand, this counts for the next
    one.
    """
    found: int | None = session.scalars(
        update(IngestJob)
        .where(IngestJob.location == location, IngestJob.state.in_(OPEN_STATES))
        .values(mode=checked_mode(mode), cancel_requested=False, attempts=0)
        .returning(IngestJob.id)
    ).first()
    return found


def load_now(session: Session, *, location: str, mode: str, by: int, title: str = "") -> int:
    """Ask for a loading in the name of an account; see `request`. Forbidden.

    The run is then called `title`, where it is not empty; Conflict where no run may be called so.
    """
    require_scheduler(session, by=by)
    wanted = checked_title(title) or None
    return request(session, location=location, mode=mode, requested_by=by, title=wanted)


def _refuse_second(session: Session, location: str) -> None:
    other = open_job(session, location=location)
    if other is not None:
        raise Conflict(f"Job {other} is loading this log already; wait for it, or cancel it.")


def cancel(session: Session, *, job_id: int, by: int | None = None) -> JobRow:
    """Ask a job to end: after its present batch where a worker has it in hand, else at once.

    What it has loaded stays. A job that is over stays as it is. NotFound; Forbidden where the
    account `by` neither asked for it nor may manage all (None: this machine's own commands).
    """
    _owned(session, job_id, by)
    job_ends.cancel(session, job_id=job_id)
    return get_job(session, job_id=job_id)


def retry(session: Session, *, job_id: int, by: int | None = None) -> JobRow:
    """Queue a job again that failed, was cancelled or is done.

    NotFound; Conflict where it, or another one for its log, is queued or runs; Forbidden as above.
    """
    job = _owned(session, job_id, by)
    lock_location(session, job.location)
    if job.state not in OPEN_STATES:
        _refuse_second(session, job.location)
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
            worker=None,
            started_at=None,
            awaited_since=None,
        )
        .returning(IngestJob.id)
    )
    if reset.one_or_none() is None:
        raise Conflict(f"Job {job_id} is {job.state}; it can be retried when it is over.")
    queue.defer(session, task=queue.INGEST, arguments={"job_id": job_id})
    return get_job(session, job_id=job_id)


def _owned(session: Session, job_id: int, by: int | None) -> JobRow:
    job = get_job(session, job_id=job_id)
    require_owner(session, by=by, owner_id=job.requested_by, what=f"Job {job_id}")
    return job
