"""Figures of the whole store, for those who watch it."""

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from db.models import IngestJob, IngestWorker, Run
from db.models.jobs import JOB_STATES
from db.queries.jobs.workers import alive, stuck
from db.queue import QUEUE


@dataclass(frozen=True)
class Figures:
    """Ingest jobs by state (every state), tasks that wait, workers, what is loaded, bytes.

    `workers` are alive, and `stuck` of them take no jobs.
    """

    jobs: dict[str, int]
    queued: int
    workers: int
    stuck: int
    runs: int
    snapshots: int
    size: int


def read_figures(session: Session) -> Figures:
    """Return the figures; snapshots are those of the runs that are not in the trash."""
    counted = select(IngestJob.state, func.count()).group_by(IngestJob.state)
    found = {state: number for state, number in session.execute(counted)}
    living = select(func.count().filter(alive()), func.count().filter(stuck())).select_from(
        IngestWorker
    )
    workers, idle = session.execute(living).one()
    loaded = select(func.count(), func.coalesce(func.sum(Run.snapshot_count), 0)).where(
        Run.trashed_at.is_(None)
    )
    number, snapshots = session.execute(loaded).one()
    waiting = text(
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = :queue"
    )
    return Figures(
        jobs={state: found.get(state, 0) for state in JOB_STATES},
        queued=session.execute(waiting, {"queue": QUEUE}).scalar_one(),
        workers=workers,
        stuck=idle,
        runs=number,
        snapshots=int(snapshots),
        size=session.scalars(select(func.pg_database_size(func.current_database()))).one(),
    )
