"""A partition of every large table for every run, so that a purged run gives its space back.

DELETE leaves the space inside the file; dropping a partition returns it to the file system at once.
Rows of a run without partitions of its own (stored before there were any) are in the default
partition, `<table>_rest`. Where a large table is whole (`db.layout`), nothing is made for a run,
and what a purged one leaves is free for new rows after VACUUM.
"""

import time
from collections.abc import Callable
from typing import Any

from psycopg import Cursor, sql
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db.errors import RunBusy
from db.layout import LARGE_NAMES, Layout, layouts, partitioned_tables
from db.raw import raw_cursor

# What is stored of a run besides the large tables and goes with it by name: what was measured, and
# the images.
MEASURED = (
    "snapshot",
    "scalar",
    "scalar_summary",
    "layer_profile",
    "flip_state",
    "batch_ledger",
    "probe",
    "probe_map",
    "probe_top",
    "probe_saliency",
    "image",
)
# With those that go with the run by their keys.
SMALL = (
    *MEASURED,
    "image_history",
    "prepared_answer",
    "class",
    "layer",
    "run",
)
# The most that a row of one page may have.
PAGE_BYTES = 8160
# Rows too large to keep their arrays by themselves do so where they fill so much of their pages.
_FILLED = 0.85
_BY_THEMSELVES = 2000
# Rows of filters may fill a page before their arrays leave them: each that does leaves in chunks,
# found one by one over an index. Nodes have the server's own 2,000 bytes.
_ROW_BYTES = {"filter_stat": PAGE_BYTES}


def partition(table: str, run_id: int) -> str:
    """Return the name of a run's partition of a table."""
    return f"{table}_run_{run_id}"


def is_partition(name: str) -> bool:
    """Return whether a table is a partition, which no model names."""
    return any(name.startswith((f"{table}_run_", f"{table}_rest")) for table in LARGE_NAMES)


def make_partitions(session: Session, *, run_id: int) -> None:
    """Make the partitions of a new run, which has no rows yet, in the session's transaction.

    ATTACH takes a lock on the parent under which others read and write on; only readers of the
    default partition wait. Waits at most 60 s for them; RunBusy then, and nothing is made. Makes
    none of a table that is whole.
    """
    wanted = partitioned_tables(session.connection())

    def make(cursor: Cursor[Any]) -> None:
        for table in wanted:
            name = sql.Identifier(partition(table, run_id))
            parent = sql.Identifier(table)
            like = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(name, parent)
            cursor.execute(like)
            if table in _ROW_BYTES:
                keep = sql.SQL("ALTER TABLE {} SET (toast_tuple_target = {})")
                cursor.execute(keep.format(name, sql.Literal(_ROW_BYTES[table])))
            attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES IN ({})")
            cursor.execute(attach.format(parent, name, sql.Literal(run_id)))

    if wanted:
        between_readers(session, make, seconds=60)


def keep_in_pages(session: Session, *, run_id: int, table: str, size: int) -> None:
    """Let rows of a run, of `size` bytes and not there yet, keep their arrays where that pays.

    Two arrays that leave a row of results are four chunks and four entries of an index, a sixth of
    what the server does for a load, and more disk than the pages that they would have filled. Rows
    that fill half a page would take twice the disk: those are left as they are.
    """
    filled = PAGE_BYTES // max(1, size) * size / PAGE_BYTES
    name = partition(table, run_id)
    if size <= _BY_THEMSELVES or filled < _FILLED or not _exists(session, name):
        return
    with raw_cursor(session) as cursor:
        keep = sql.SQL("ALTER TABLE {} SET (toast_tuple_target = {})")
        cursor.execute(keep.format(sql.Identifier(name), sql.Literal(PAGE_BYTES)))


def drop_partitions(session: Session, *, run_id: int) -> bool:
    """Drop the partitions of a run; return whether they held all its rows of the large tables.

    Waits at most 5 s for readers; RunBusy then, and nothing is dropped.
    """
    names = [partition(table, run_id) for table in partitioned_tables(session.connection())]
    found = [name for name in names if _exists(session, name)]

    def drop(cursor: Cursor[Any]) -> None:
        for name in found:
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))

    if found:
        between_readers(session, drop, seconds=5)
    return len(found) == len(LARGE_NAMES)


def _exists(session: Session, name: str) -> bool:
    with raw_cursor(session) as cursor:
        found = cursor.execute("SELECT to_regclass(%s)", (name,)).fetchone()
        return found is not None and found[0] is not None


def between_readers(
    session: Session, act: Callable[[Cursor[Any]], None], *, seconds: float
) -> None:
    """Do what locks several tables out, whole, at a moment in which nobody holds any of them.

    One who reads these tables in another order waits for us while we wait for them. So we give
    back all locks after less than the server takes to look for a deadlock (deadlock_timeout, 1 s),
    and try again: it is never the reader who is ended. Raises RunBusy after so many seconds.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            with session.begin_nested(), raw_cursor(session) as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
                act(cursor)
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
            return
        except OperationalError as error:
            if not isinstance(error.orig, (LockNotAvailable, DeadlockDetected)):
                raise
            if time.monotonic() > end:
                raise RunBusy(
                    "The run's tables have been read by somebody for a long time; try again later."
                ) from error
        time.sleep(0.1)


def vacuum_after_purge(engine: Engine) -> None:
    """Free what a purged run leaves in the tables without partitions, at once for new rows.

    Space at the end of their files goes back to the file system, too.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        whole = [name for name, one in layouts(connection).items() if one is not Layout.PARTITIONED]
        connection.execute(text("SET statement_timeout = 0"))
        for name in (*SMALL, *whole):
            connection.execute(text(f'VACUUM "{name}"'))
        connection.execute(text("RESET statement_timeout"))
