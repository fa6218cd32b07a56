"""Bulk writes of a run: one loader at a time, one transaction per batch, idempotent.

A batch is visible whole or not at all, and `run.version` grows with every change that a reader can
see. Digests tell a repeated load, which changes nothing, from a later recording, which replaces.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.errors import RunBusy
from db.layout import LAYOUT_LOCK
from db.load_results import remove_results
from db.load_rows import copy_rows
from db.load_run import create_run, next_version
from db.measured_rows import MeasuredRow, Shape, SnapshotRow
from db.models import Run, ValidationClass, flip_state, snapshot
from db.models import measurements as tables
from db.raw import raw_cursor
from db.types import Array

__all__ = [
    "Stored",
    "abandoned",
    "batch",
    "create_run",
    "end_loader",
    "forget_flip_state",
    "is_loading",
    "loader_key",
    "remove_snapshots",
    "save_contact_sheets",
    "save_flip_state",
    "save_rows",
    "sole_loader",
    "stored",
    "touch_run",
]

_MEASURED = (
    tables.snapshot,
    tables.scalar,
    tables.layer_stat,
    tables.layer_profile,
    tables.filter_stat,
    tables.filter_peak,
)

# Another session of ours that holds the lock of a run.
_LOADER = (
    "FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND ((l.classid::bigint << 32) | l.objid::bigint) = :key "
    "AND a.usename = current_user AND l.pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class Stored:
    """What the store has of a run: digest by iteration, and the state of the search for flips."""

    digests: Mapping[int, bytes]
    correct: Array | None
    length: Array | None


def loader_key(run: str) -> int:
    """Return the key of the lock that who loads the run with this UUID holds."""
    return int.from_bytes(UUID(run).bytes[:8], "big", signed=True) ^ 0x4454_4C4F_4144


@contextmanager
def sole_loader(engine: Engine, *, run: str) -> Iterator[Connection]:
    """Yield a connection that alone may load the run with this UUID; RunBusy where another does.

    The server gives the right back when the connection ends, however the process ends.
    """
    key = loader_key(run)
    with engine.connect() as connection:
        _take(connection, key, run)
        connection.commit()
        try:
            yield connection
        finally:
            if not connection.closed and not connection.invalidated:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
                connection.execute(text("SELECT pg_advisory_unlock_shared(:k)"), {"k": LAYOUT_LOCK})
                connection.commit()


def is_loading(session: Session, *, run: str) -> bool:
    """Return whether somebody loads the run with this UUID."""
    held = text(f"SELECT 1 {_LOADER}")
    return session.execute(held, {"key": loader_key(run)}).first() is not None


def end_loader(session: Session, *, run: str) -> None:
    """Cut off who loads the run with this UUID; what it did not commit is undone."""
    cut = text(f"SELECT pg_terminate_backend(l.pid) {_LOADER}")
    session.execute(cut, {"key": loader_key(run)}).all()


def _take(connection: Connection, key: int, run: str) -> None:
    """Take the right to load a run, while nobody converts the large tables; RunBusy."""
    shared = text("SELECT pg_try_advisory_lock_shared(:key)")
    if not connection.scalar(shared, {"key": LAYOUT_LOCK}):
        raise RunBusy("The large tables are being converted (deeptracker db distribute).")
    if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}):
        connection.execute(text("SELECT pg_advisory_unlock_shared(:key)"), {"key": LAYOUT_LOCK})
        connection.commit()
        raise RunBusy(f"Another process is loading run {run} right now.")


@contextmanager
def batch(connection: Connection, *, durable: bool = True) -> Iterator[Session]:
    """Yield a session in one transaction of any length on the loader's connection.

    Where it need not be `durable`, nobody waits for the disk: a server that crashes may forget it,
    whole, until the next one that is durable, which waits for both. Then the load is cut off, too,
    and begins again with what there is.
    """
    with Session(connection, expire_on_commit=False) as session, session.begin():
        session.execute(text("SET LOCAL statement_timeout = 0"))
        if not durable:
            session.execute(text("SET LOCAL synchronous_commit = off"))
        yield session


def stored(session: Session, *, run_id: int) -> Stored:
    """Return what the store has of a run."""
    digests = session.execute(
        select(snapshot.c.iteration, snapshot.c.digest).where(snapshot.c.run_id == run_id)
    )
    state = session.execute(select(flip_state).where(flip_state.c.run_id == run_id)).one_or_none()
    found = {iteration: digest.tobytes() for iteration, digest in digests}
    if state is None:
        return Stored(found, None, None)
    return Stored(found, state.correct, state.length)


def abandoned(session: Session, *, run_id: int, seams: Sequence[tuple[int, float]]) -> list[int]:
    """Return the stored iterations that later generations of the run replaced, rising.

    A seam is the iteration after which a generation went on, and when it began (seconds since
    1970): what was recorded after that iteration before that time is no part of the run.
    """
    gone = [
        and_(snapshot.c.iteration > start, snapshot.c.recorded_at < began) for start, began in seams
    ]
    found = session.scalars(
        select(snapshot.c.iteration)
        .where(snapshot.c.run_id == run_id, or_(*gone))
        .order_by(snapshot.c.iteration)
    )
    return list(found)


def forget_flip_state(session: Session, *, run_id: int) -> None:
    """Delete where the search for flips stands: the run has no validated snapshot any more."""
    session.execute(delete(flip_state).where(flip_state.c.run_id == run_id))


def remove_snapshots(session: Session, *, run_id: int, iterations: Sequence[int]) -> None:
    """Delete all rows of snapshots that were recorded again."""
    # A plain sweep over the run's rows: rare, and no index serves it.
    if not iterations:
        return
    remove_results(session, run_id=run_id, iterations=iterations)
    for table in _MEASURED:
        session.execute(
            delete(table).where(
                table.c.run_id == run_id, table.c.iteration.in_([int(i) for i in iterations])
            )
        )


def save_rows(
    session: Session,
    *,
    run_id: int,
    shape: Shape,
    measured: Sequence[MeasuredRow],
    rows: Iterable[SnapshotRow],
) -> None:
    """Write a batch of snapshots, rising by iteration: what they measured, then their own rows.

    Those depend on the snapshots before, and are asked for in a thread meanwhile. They are
    snapshots of the run when the same transaction also saves the state of the flips
    (`save_flip_state`) and ends with `touch_run`.
    """
    with raw_cursor(session) as cursor:
        copy_rows(cursor, run_id, shape, measured, rows)


def save_flip_state(
    session: Session, *, run_id: int, iteration: int, correct: Array, length: Array
) -> None:
    """Store where the search for flips stands after the snapshot of `iteration`."""
    values = {"iteration": iteration, "correct": correct, "length": length}
    session.execute(
        upsert(flip_state)
        .values(run_id=run_id, **values)
        .on_conflict_do_update(index_elements=["run_id"], set_=values)
    )


def touch_run(session: Session, *, run_id: int) -> None:
    """Count the run's snapshots again, take over the last error, and let its version grow."""
    mine = snapshot.c.run_id == run_id
    latest = snapshot.c.iteration.desc()
    # Snapshots may be more frequent than validation.
    validated = (
        select(snapshot.c.validation_error)
        .where(mine, snapshot.c.validation_error != float("nan"))
        .order_by(latest)
        .limit(1)
        .scalar_subquery()
    )
    last = (
        select(
            snapshot.c.iteration,
            func.coalesce(validated, func.nullif(snapshot.c.train_error, float("nan"))),
        )
        .where(mine)
        .order_by(latest)
        .limit(1)
    )
    iteration, error = session.execute(last).one_or_none() or (None, None)
    session.execute(
        update(Run)
        .where(Run.id == run_id)
        .values(
            **next_version(),
            snapshot_count=select(func.count()).where(mine).scalar_subquery(),
            last_iteration=iteration,
            last_error=error,
        )
    )


def save_contact_sheets(session: Session, *, run_id: int, sheets: Mapping[int, bytes]) -> int:
    """Store contact sheets (WebP) by class; return how many differ from what was there."""
    changed = 0
    for class_id, sheet in sheets.items():
        result = session.execute(
            update(ValidationClass)
            .where(
                ValidationClass.run_id == run_id,
                ValidationClass.class_id == class_id,
                ValidationClass.contact_sheet.is_distinct_from(sheet),
            )
            .values(contact_sheet=sheet)
            .returning(ValidationClass.class_id)
        )
        changed += len(result.all())
    if changed:
        session.execute(update(Run).where(Run.id == run_id).values(next_version()))
    return changed
