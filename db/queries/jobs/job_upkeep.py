"""Ingest jobs that nobody would go on with: lost by the queue, put back, waiting for their log."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, cast, exists, func, select, text, update
from sqlalchemy.orm import Session

from db import queue
from db.models import IngestJob, Run
from db.queries.jobs import job_notes
from db.queries.jobs.jobs import OPEN_STATES

AT_ONCE = 100


@dataclass(frozen=True)
class AwaitedJob:
    """A job that waits for its log to appear, for `seconds` by now.

    `loaded_from` is where the run was loaded from last, by whomever, where the job has loaded some
    of it: its log was there. None where it never saw one.
    """

    id: int
    location: str
    seconds: float
    loaded_from: str | None = None


def note_put_back(session: Session, *, job_ids: Collection[int], message: str) -> None:
    """Say of running jobs that they are on the queue again, for their worker has left them."""
    if job_ids:
        session.execute(
            update(IngestJob)
            .where(IngestJob.id.in_(list(job_ids)), IngestJob.state == "running")
            .values(state="queued", message=message)
        )


def take_up_lost(session: Session, *, most: int) -> list[int]:
    """Queue open jobs again whose task on the queue has failed or is gone; return their ids.

    One whose task is lost again and again, so that it was begun or lost `most` times, has failed.
    Several workers may do so at once: each job is seen to by one of them.
    """
    lost = session.execute(
        select(IngestJob.id, IngestJob.state, IngestJob.attempts)
        .where(_is_lost())
        .order_by(IngestJob.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for job in lost:
        if job.attempts >= most:
            job_notes.finish(
                session,
                job_id=job.id,
                state="failed",
                message="Given up.",
                error=f"The queue lost it {most} times; the workers' logs say why. Retry it later.",
            )
            continue
        session.execute(
            update(IngestJob)
            .where(IngestJob.id == job.id)
            # An attempt that never began is counted here, for nobody else will.
            .values(state="queued", message="", attempts=job.attempts + (job.state == "queued"))
        )
        job_notes.add_line(
            session, job_id=job.id, text="Queued again: its task failed or was lost by the queue."
        )
        queue.defer(session, task=queue.INGEST, arguments={"job_id": job.id})
    return [job.id for job in lost]


def _is_lost() -> ColumnElement[bool]:
    """Return the condition that a job is open and nothing on the queue will go on with it.

    A job and its task are written in one transaction, and a task ends after its job: one statement,
    which sees one moment, sees no gap between them.
    """
    tasks = text(
        "SELECT args->>'job_id' AS job_id FROM procrastinate_jobs "
        "WHERE task_name = :task AND status IN ('todo', 'doing')"
    ).bindparams(task=queue.INGEST)
    known = tasks.columns(job_id=String).subquery()
    return (
        IngestJob.state.in_(OPEN_STATES)
        & IngestJob.awaited_since.is_(None)
        & ~exists().where(known.c.job_id == cast(IngestJob.id, String))
    )


def awaited_jobs(session: Session) -> list[AwaitedJob]:
    """Return the jobs that wait for their log, those that do so for longest first."""
    seconds = func.extract("epoch", func.now() - IngestJob.awaited_since)
    rows = session.execute(
        select(IngestJob.id, IngestJob.location, seconds, Run.location)
        .outerjoin(Run, Run.id == IngestJob.run_id)
        .where(IngestJob.state == "queued", IngestJob.awaited_since.is_not(None))
        .order_by(IngestJob.awaited_since, IngestJob.id)
        .limit(AT_ONCE)
    )
    return [AwaitedJob(job_id, location, float(age), last) for job_id, location, age, last in rows]


def end_waiting(session: Session, *, job_id: int) -> bool:
    """Queue a job whose log has appeared; False where somebody else has, or it is over."""
    taken = session.execute(
        update(IngestJob)
        .where(
            IngestJob.id == job_id,
            IngestJob.state == "queued",
            IngestJob.awaited_since.is_not(None),
        )
        .values(awaited_since=None, message="")
        .returning(IngestJob.id)
    )
    if taken.one_or_none() is None:
        return False
    queue.defer(session, task=queue.INGEST, arguments={"job_id": job_id})
    return True
