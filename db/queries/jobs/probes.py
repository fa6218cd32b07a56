"""Tasks that do nothing, put on the queues of all workers to see who really takes them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.orm import Session

from db.models import IngestWorker
from db.queries.jobs.workers import alive
from db.queue import ask_probe
from db.queue_care import clear_probes, probe_states

# A worker that is told of a task takes it at once, and else looks every two seconds.
PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.05
# So many workers are asked at once; more would show nothing more.
MOST = 64
_KEY = 0x4454_5052_4F42


@dataclass(frozen=True)
class Probed:
    """A worker that was asked to take a task: "took" it, "failed" it, is "busy", or "did not take".

    A busy one has all of its places in use. `seconds` is how long it took to have it done.
    """

    name: str
    heartbeat: datetime
    state: str
    seconds: float | None = None


def probe_workers(engine: Engine, *, patience: float = PATIENCE_SECONDS) -> list[Probed] | None:
    """Ask every worker that is alive, wait for what becomes of it, and leave nothing behind.

    None where somebody else is asking now: one does so at a time, whichever process it is in.
    """
    with engine.connect() as connection, _alone(connection) as mine:
        if not mine:
            return None
        begun = time.monotonic()
        with Session(connection) as session, session.begin():
            asked = {ask_probe(session, worker_id=worker.id): worker for worker in _alive(session)}
        try:
            return _await(connection, asked, begun, patience)
        finally:
            with Session(connection) as session, session.begin():
                clear_probes(session, probes=list(asked))


@contextmanager
def _alone(connection: Connection) -> Iterator[bool]:
    with connection.begin():
        mine = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}).scalar()
    try:
        yield bool(mine)
    finally:
        if mine and not connection.invalidated:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _KEY})


@dataclass(frozen=True)
class _Asked:
    id: int
    probed: Probed


def _alive(session: Session) -> list[_Asked]:
    full = IngestWorker.in_hand >= IngestWorker.concurrency
    rows = session.execute(
        select(IngestWorker.id, IngestWorker.name, IngestWorker.seen_at, full)
        .where(alive())
        .order_by(IngestWorker.name, IngestWorker.id)
        .limit(MOST)
    )
    return [
        _Asked(number, Probed(name, seen, "busy" if busy else "did not take"))
        for number, name, seen, busy in rows
    ]


def _await(
    connection: Connection, asked: dict[int, _Asked], begun: float, patience: float
) -> list[Probed]:
    found = {probe: one.probed for probe, one in asked.items()}
    while True:
        with Session(connection) as session, session.begin():
            states = probe_states(session, probes=list(asked))
            now = {one.id: one.probed.state for one in _alive(session)}
        spent = time.monotonic() - begun
        for probe, one in asked.items():
            if found[probe].seconds is None:
                found[probe] = _seen(found[probe], states.get(probe), now.get(one.id), spent)
        waiting = [p for p in found.values() if p.state in ("busy", "did not take")]
        if not waiting or spent > patience:
            return list(found.values())
        time.sleep(_LOOK_SECONDS)


def _seen(probed: Probed, state: str | None, now: str | None, spent: float) -> Probed:
    """Return what is known by now of one that was asked."""
    if state in ("succeeded", "failed"):
        return replace(probed, state="took" if state == "succeeded" else "failed", seconds=spent)
    # It may have become busy with a job that came just before.
    return replace(probed, state="busy") if now == "busy" else probed
