"""A partition of every large table for every run, so that a purged run gives its space back.

DELETE leaves the space inside the file; dropping a partition returns it to the file system at once.
Rows of a run without partitions of its own (stored before there were any) are in the default
partition, `<table>_rest`.
"""

from psycopg import sql
from psycopg.errors import LockNotAvailable
from sqlalchemy.orm import Session

from db.errors import RunBusy
from db.models import measurements as tables
from db.raw import driver_connection

# Those that hold nearly all bytes of a run; the rest of it is a few megabytes.
PARTITIONED = (
    tables.filter_stat,
    tables.class_result,
    tables.layer_stat,
    tables.filter_peak,
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
    with driver_connection(session).cursor() as cursor:
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
    with driver_connection(session).cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        for table in PARTITIONED:
            name = partition(table.name, run_id)
            found = cursor.execute("SELECT to_regclass(%s)", (name,)).fetchone()
            if found is None or found[0] is None:
                continue
            try:
                cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
            except LockNotAvailable as error:
                raise RunBusy(f"Somebody is reading {table.name} for long.") from error
            dropped += 1
    return dropped == len(PARTITIONED)
