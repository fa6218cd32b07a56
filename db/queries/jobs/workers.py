"""Workers that are alive: each says so every few seconds, and what it may read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from db.models import IngestJob, IngestWorker
from db.queue import STALLED_SECONDS

_KEPT = timedelta(days=1)
# A worker that took nothing off the queue for so long asks itself for a task that does nothing, and
# one that did not even take that for so long does not take anything.
PROBE_SECONDS = 30.0
STUCK_SECONDS = 90.0


@dataclass(frozen=True)
class WorkerRow:
    """A worker process; `alive` where it sent a heartbeat within STALLED_SECONDS.

    `jobs` are the ids of what it is loading, `concurrency` how many it takes at a
    time. `stuck`: it lives and has places free, but does not take what is on the queue.
    """

    id: int
    name: str
    host: str
    process: int
    concurrency: int
    roots: tuple[str, ...]
    started_at: datetime
    seen_at: datetime
    alive: bool
    stuck: bool
    jobs: tuple[int, ...]


def add_worker(
    session: Session, *, host: str, process: int, concurrency: int, roots: Sequence[str]
) -> tuple[int, str]:
    """Note a new worker; return its id and its name. Those gone for a day are forgotten."""
    session.execute(delete(IngestWorker).where(IngestWorker.seen_at < func.now() - _KEPT))
    name = f"{host[:200]}, process {process}"
    worker_id = session.scalars(
        insert(IngestWorker)
        .values(
            name=name,
            host=host[:200],
            process=process,
            concurrency=concurrency,
            roots={"roots": list(roots)},
            seen_at=func.now(),
        )
        .returning(IngestWorker.id)
    ).one()
    return worker_id, name


def see_worker(
    session: Session, *, worker_id: int, name: str, in_hand: int, idle_seconds: float
) -> bool:
    """Note a heartbeat; False where the worker was forgotten meanwhile, or its id is another's.

    It has so many tasks in hand, and took the last one off the queue so long ago.
    """
    seen = session.execute(
        update(IngestWorker)
        .where(IngestWorker.id == worker_id, IngestWorker.name == name)
        .values(
            seen_at=func.now(),
            in_hand=in_hand,
            took_at=func.now() - timedelta(seconds=idle_seconds),
        )
        .returning(IngestWorker.id)
    )
    return seen.one_or_none() is not None


def end_connections(session: Session, *, name: str) -> int:
    """End all other connections of a worker, by the name that its connections have; how many.

    What they hold (the right to load a run) is free at once, also where the server has not noticed
    that nobody is at the other end; what they did not commit is undone.
    """
    ended = session.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name "
            "AND usename = current_user AND pid <> pg_backend_pid()"
        ),
        {"name": name},
    )
    return len(ended.all())


def remove_worker(session: Session, *, worker_id: int) -> None:
    """Forget a worker that ends."""
    session.execute(delete(IngestWorker).where(IngestWorker.id == worker_id))


def alive() -> ColumnElement[bool]:
    """Return the condition that a worker sent a heartbeat within STALLED_SECONDS.

    One from the future, by a clock that was set back, says nothing.
    """
    margin = timedelta(seconds=STALLED_SECONDS)
    return IngestWorker.seen_at.between(func.now() - margin, func.now() + margin)


def stuck() -> ColumnElement[bool]:
    """Return the condition that a worker that is alive does not take what is on the queue.

    One with a place free takes something every PROBE_SECONDS at least: a task that does nothing.
    """
    since = func.greatest(IngestWorker.started_at, IngestWorker.took_at)
    late = since < func.now() - timedelta(seconds=STUCK_SECONDS)
    return and_(alive(), IngestWorker.in_hand < IngestWorker.concurrency, late)


def list_workers(session: Session) -> list[WorkerRow]:
    """Return the workers, those alive first, then by host and start; dead ones of the last day."""
    lives = alive()
    names = ("id", "name", "host", "process", "concurrency", "roots", "started_at", "seen_at")
    columns = [getattr(IngestWorker, name) for name in names]
    busy: dict[str | None, list[int]] = {}
    running = select(IngestJob.worker, IngestJob.id).where(IngestJob.state == "running")
    for name, job_id in session.execute(running.order_by(IngestJob.id)):
        busy.setdefault(name, []).append(job_id)
    states = (lives.label("alive"), stuck().label("stuck"))
    query = select(*columns, *states).order_by(
        lives.desc(), IngestWorker.host, IngestWorker.started_at
    )
    return [
        WorkerRow(
            **{
                **row._mapping,
                "roots": tuple(row.roots.get("roots", ())),
                "jobs": tuple(busy.get(row.name, ())) if row.alive else (),
            }
        )
        for row in session.execute(query)
    ]


@dataclass(frozen=True)
class Crew:
    """What the workers can do, all together, and when any of them sent its last heartbeat.

    `state` is "alive", "takes no jobs" (all that are alive have places free, and take nothing),
    "dead" (all of the last day went without a word) or "none".
    """

    state: str
    seen_at: datetime | None


def crew(connection: Connection | Session) -> Crew:
    """Return what the workers can do, all together."""
    takes_nothing_at_all = func.bool_and(stuck()).filter(alive())
    query = select(func.bool_or(alive()), takes_nothing_at_all, func.max(IngestWorker.seen_at))
    lives, takes_nothing, seen = connection.execute(query).one()
    if lives is None:
        return Crew("none", None)
    return Crew("dead" if not lives else "takes no jobs" if takes_nothing else "alive", seen)


def last_signs(session: Session, *, names: Collection[str]) -> dict[str, tuple[bool, datetime]]:
    """Return by name whether a worker is alive, and its last heartbeat.

    A worker that ended in order is not among them. Of several of one name, the last one counts.
    """
    query = (
        select(IngestWorker.name, alive(), IngestWorker.seen_at)
        .where(IngestWorker.name.in_(list(names)))
        .order_by(IngestWorker.seen_at, IngestWorker.id)
    )
    return {name: (lives, seen) for name, lives, seen in session.execute(query)}
