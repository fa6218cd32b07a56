"""How a job is made to end: by who has it in hand, or without anybody where nobody has."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from db import queue, queue_care
from db.load import end_loader
from db.models import IngestJob, Run
from db.queries.jobs import workers

# A job in hand says so every second or so. One that is silent for so long hangs in something that
# its worker cannot end, such as a file system that does not answer.
HANGS_SECONDS = 60.0


def cancel(session: Session, *, job_id: int) -> None:
    """Let an open job end: its worker sees to it, or it ends here where none has it in hand."""
    job = session.execute(
        select(IngestJob.state, IngestJob.run_id, _is_silent().label("silent"))
        .where(IngestJob.id == job_id)
        .with_for_update()
    ).one_or_none()
    if job is None or job.state not in ("queued", "running"):
        return
    running = job.state == "running"
    held = running and queue_care.is_held(
        session, task=queue.INGEST, argument="job_id", value=job_id
    )
    queue_care.forget(session, task=queue.INGEST, argument="job_id", value=job_id)
    if held and not job.silent:
        _change(session, job_id, cancel_requested=True)
        return
    if held and job.run_id is not None:
        # What it has written and not committed is undone, and others may load the run again.
        run = session.scalars(select(Run.uuid).where(Run.id == job.run_id)).one()
        end_loader(session, run=run.hex)
    message = "Cancelled: its worker had stopped." if running else "Cancelled before it began."
    _change(
        session,
        job_id,
        state="cancelled",
        message=message,
        awaited_since=None,
        finished_at=func.now(),
    )


def signs(session: Session, *, job_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return by job, of those whose worker is gone or that hang in it, two fields of JobRow.

    `silent_since` is the last heartbeat, `worker_alive` whether the worker gives any.
    """
    rows = session.execute(
        select(
            IngestJob.id,
            IngestJob.worker,
            func.coalesce(IngestJob.heartbeat_at, IngestJob.created_at),
            _is_silent(),
        ).where(IngestJob.id.in_(list(job_ids)))
    ).all()
    known = workers.last_signs(session, names={worker for _, worker, _, _ in rows if worker})
    found = {}
    for job_id, worker, spoken, silent in rows:
        lives, seen = known.get(worker or "", (False, spoken))
        if silent or not lives:
            since = spoken if lives else max(spoken, seen)
            found[job_id] = {"silent_since": since, "worker_alive": lives}
    return found


def _is_silent() -> ColumnElement[bool]:
    spoken = func.coalesce(IngestJob.heartbeat_at, IngestJob.created_at)
    return spoken < func.now() - timedelta(seconds=HANGS_SECONDS)


def _change(session: Session, job_id: int, **values: object) -> None:
    session.execute(update(IngestJob).where(IngestJob.id == job_id).values(**values))
