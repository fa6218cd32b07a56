"""Parts of one large load, handed out to several workers and made visible in their order.

Who leads the load divides it (`plan`), and everybody takes the lowest part that is open. A part's
rows are written in one transaction by who took it; that commits when all parts before are visible
(`front`). A connection that is gone holds no lock, so its parts are known to be free again.
"""

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Update,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from db import queue
from db.load import loader_key
from db.models import IngestShare, IngestWorker
from db.queries.jobs.workers import alive

# The process ids of connections that hold the advisory lock :key.
_HOLDERS = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND ((classid::bigint << 32) | objid::bigint) = :key"
)
# For so long a part may be in hand while all others wait for it: its files may not answer.
LATE_SECONDS = 120.0
_OWN = text("pg_backend_pid()")
_NOBODY: dict[str, None] = dict.fromkeys(("worker", "backend", "taken_at"))


@dataclass(frozen=True)
class Part:
    """A part of a load: its number, and the iterations of its snapshots, rising."""

    number: int
    iterations: tuple[int, ...]


@dataclass(frozen=True)
class Front:
    """The first part that is not done."""

    number: int
    state: str


@dataclass(frozen=True)
class DonePart:
    """What became of the snapshots of a part, and who loaded it."""

    worker: str
    loaded: tuple[int, ...]
    replaced: tuple[int, ...]
    unchanged: int


def make_plan(session: Session, *, run_id: int, job_id: int, parts: Sequence[Sequence[int]]) -> int:
    """Divide a load into parts (iterations, rising); return the plan's name."""
    clear(session, run_id=run_id)
    plan = secrets.randbits(62)
    rows = [
        {"run_id": run_id, "part": at, "plan": plan, "job_id": job_id, "iterations": list(part)}
        for at, part in enumerate(parts)
    ]
    session.execute(insert(IngestShare), rows)
    return plan


def clear(session: Session, *, run_id: int) -> None:
    """Forget the division of a load. A part that is not visible by now never will be.

    Waits for those that are about to commit, so what a later statement reads stays as it is.
    """
    session.execute(delete(IngestShare).where(IngestShare.run_id == run_id))


def end_helpers(session: Session, *, run_id: int) -> None:
    """Cut off who still helps a load whose leader is gone; what they did not commit is undone."""
    plans = select(IngestShare.plan).where(IngestShare.run_id == run_id).distinct()
    for plan in session.scalars(plans).all():
        _end(session, _helpers(session, plan))


def end_leader(session: Session, *, run: str) -> None:
    """Cut off who leads the load of the run with this UUID; what it did not commit is undone."""
    _end(session, set(session.scalars(text(_HOLDERS), {"key": loader_key(run)})))


def _helpers(session: Session, plan: int) -> set[int]:
    return set(session.scalars(text(_HOLDERS), {"key": plan}))


def _end(session: Session, processes: Collection[int]) -> None:
    session.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY(:processes) "
            "AND usename = current_user AND pid <> pg_backend_pid()"
        ),
        {"processes": list(processes)},
    ).all()


@contextmanager
def helping(engine: Engine, *, plan: int) -> Iterator[Connection]:
    """Yield a connection that is known to help with this plan for as long as it lasts."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock_shared(:key)"), {"key": plan})
        connection.commit()
        try:
            yield connection
        finally:
            if not connection.closed and not connection.invalidated:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock_shared(:key)"), {"key": plan})
                connection.commit()


def take(
    session: Session, *, run_id: int, plan: int, worker: str, after: int, leads: bool
) -> Part | None:
    """Take the lowest part after the number `after` that nobody has; None where there is none."""
    states = ("open", "returned") if leads else ("open",)
    lowest = (
        select(IngestShare.part)
        .where(_of(run_id, plan), IngestShare.part > after, IngestShare.state.in_(states))
        .order_by(IngestShare.part)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.execute(
        update(IngestShare)
        .where(IngestShare.run_id == run_id, IngestShare.part == lowest.scalar_subquery())
        .values(state="taken", worker=worker, backend=_OWN, taken_at=text("now()"))
        .returning(IngestShare.part, IngestShare.iterations)
    ).one_or_none()
    return None if row is None else Part(row.part, tuple(row.iterations))


def give_back(
    session: Session, *, run_id: int, plan: int, state: str = "open", part: int | None = None
) -> None:
    """Let others have the parts (or the one part) that this connection took and has not done."""
    mine = _taken(run_id, plan).where(IngestShare.backend == _OWN)
    if part is not None:
        mine = mine.where(IngestShare.part == part)
    session.execute(mine.values(state=state, **_NOBODY))


def _of(run_id: int, plan: int) -> ColumnElement[bool]:
    return and_(IngestShare.run_id == run_id, IngestShare.plan == plan)


def _taken(run_id: int, plan: int) -> Update:
    return update(IngestShare).where(_of(run_id, plan), IngestShare.state == "taken")


def front(session: Session, *, run_id: int, plan: int) -> Front | None:
    """Return the first part that is not done; None where all are, or the plan is no more."""
    row = session.execute(
        select(IngestShare.part, IngestShare.state)
        .where(_of(run_id, plan), IngestShare.state != "done")
        .order_by(IngestShare.part)
        .limit(1)
    ).one_or_none()
    return None if row is None else Front(row.part, row.state)


def is_led(session: Session, *, run: str) -> bool:
    """Return whether somebody leads the load of the run with this UUID."""
    holders = session.execute(text(_HOLDERS), {"key": loader_key(run)})
    return holders.first() is not None


def finish_part(
    session: Session,
    *,
    run_id: int,
    plan: int,
    part: int,
    loaded: Sequence[int],
    replaced: Sequence[int],
    unchanged: int,
) -> bool:
    """Mark a part as done, in the transaction that makes it visible; False: it is no longer ours.

    The caller rolls back then.
    """
    done = session.execute(
        _taken(run_id, plan)
        .where(IngestShare.part == part, IngestShare.backend == _OWN)
        .values(state="done", loaded=list(loaded), replaced=list(replaced), unchanged=unchanged)
        .returning(IngestShare.part)
    )
    return done.one_or_none() is not None


def lost_parts(session: Session, *, run_id: int, plan: int) -> list[int]:
    """Return the parts that helpers took and will not load, by all signs.

    Their connection is gone, their worker is silent, or all wait for the part for LATE_SECONDS.
    """
    undone = select(func.min(IngestShare.part)).where(
        _of(run_id, plan), IngestShare.state != "done"
    )
    late = and_(
        IngestShare.part == undone.scalar_subquery(),
        IngestShare.taken_at < func.clock_timestamp() - timedelta(seconds=LATE_SECONDS),
    )
    here = exists().where(IngestWorker.name == IngestShare.worker, alive())
    gone = text(f"ingest_share.backend NOT IN ({_HOLDERS})").bindparams(key=plan)
    return list(
        session.scalars(
            select(IngestShare.part).where(
                _of(run_id, plan),
                IngestShare.state == "taken",
                IngestShare.backend != _OWN,
                or_(gone, ~here, late),
            )
        )
    )


def release(session: Session, *, run_id: int, plan: int, parts: Collection[int]) -> None:
    """Let others have parts that were lost.

    A helper that was only silent is cut off, for its rows, not committed, are in the way.
    """
    listed = list(parts)
    backends = select(IngestShare.backend).where(
        IngestShare.run_id == run_id, IngestShare.part.in_(listed), IngestShare.state == "taken"
    )
    _end(session, _helpers(session, plan).intersection(session.scalars(backends)))
    lost = _taken(run_id, plan).where(IngestShare.part.in_(listed), IngestShare.backend != _OWN)
    session.execute(lost.values(state="open", **_NOBODY))


def results(session: Session, *, run_id: int, plan: int) -> list[DonePart]:
    """Return the parts that are done, in their order."""
    rows = session.execute(
        select(IngestShare.worker, IngestShare.loaded, IngestShare.replaced, IngestShare.unchanged)
        .where(_of(run_id, plan), IngestShare.state == "done")
        .order_by(IngestShare.part)
    )
    return [
        DonePart(row.worker, tuple(row.loaded), tuple(row.replaced), row.unchanged) for row in rows
    ]


def others(session: Session, *, worker: str) -> list[int]:
    """Return the ids of the workers that are alive beside this one."""
    return list(
        session.scalars(select(IngestWorker.id).where(alive(), IngestWorker.name != worker))
    )


def invite(
    session: Session, *, run_id: int, plan: int, job_id: int, worker: str, known: Collection[int]
) -> set[int]:
    """Ask the other workers that are alive, but for those `known`, to help; return their ids."""
    asked = [found for found in others(session, worker=worker) if found not in known]
    for worker_id in asked:
        queue.ask_for_help(
            session,
            worker_id=worker_id,
            arguments={"run_id": run_id, "plan": plan, "job_id": job_id},
        )
    return set(asked)
