"""A partition of every large table for every run, so that a purged run gives its space back.

DELETE leaves the space inside the file; dropping a partition returns it to the file system at once.
Rows of a run without partitions of its own (stored before there were any) are in the default
partition, `<table>_rest`.
"""

from psycopg import sql
from psycopg.errors import LockNotAvailable
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from db.errors import RunBusy
from db.models import measurements as tables
from db.raw import raw_cursor

# Those that hold nearly all bytes of a run; the rest of it is a few megabytes.
PARTITIONED = (
    tables.filter_stat,
    tables.class_result,
    tables.layer_stat,
    tables.filter_peak,
)
# The rest of a run.
SMALL = (
    "snapshot",
    "scalar",
    "scalar_summary",
    "layer_profile",
    "flip_state",
    "batch_ledger",
    "image_history",
    "image",
    "class",
    "layer",
    "run",
)


def partition(table: str, run_id: int) -> str:
    """Return the name of a run's partition of a table."""
    return f"{table}_run_{run_id}"


def is_partition(name: str) -> bool:
    """Return whether a table is a partition, which no model names."""
    return any(name.startswith((f"{t.name}_run_", f"{t.name}_rest")) for t in PARTITIONED)


def make_partitions(session: Session, *, run_id: int) -> None:
    """Make the partitions of a new run, which has no rows yet, in the session's transaction.

    ATTACH takes a lock on the parent under which others read and write on; only readers of the
    default partition wait.
    """
    with raw_cursor(session) as cursor:
        for table in PARTITIONED:
            name = sql.Identifier(partition(table.name, run_id))
            parent = sql.Identifier(table.name)
            like = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(name, parent)
            cursor.execute(like)
            attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES IN ({})")
            cursor.execute(attach.format(parent, name, sql.Literal(run_id)))


def drop_partitions(session: Session, *, run_id: int) -> bool:
    """Drop the partitions of a run; return whether it had all of them.

    Waits at most 5 s for readers, who in turn wait for us; RunBusy then, and nothing is dropped.
    """
    dropped = 0
    with raw_cursor(session) as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        for table in PARTITIONED:
            name = partition(table.name, run_id)
            found = cursor.execute("SELECT to_regclass(%s)", (name,)).fetchone()
            if found is None or found[0] is None:
                continue
            try:
                cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
            except LockNotAvailable as error:
                raise RunBusy(f"{table.name} has been read by somebody for a long time.") from error
            dropped += 1
    return dropped == len(PARTITIONED)


def vacuum_small_tables(engine: Engine) -> None:
    """Free what a purged run leaves in the tables without partitions, at once for new rows.

    Space at the end of their files goes back to the file system, too.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        for name in SMALL:
            connection.execute(text(f'VACUUM "{name}"'))
        connection.execute(text("RESET statement_timeout"))
