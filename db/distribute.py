"""Make the large tables whole, one after the other: spread over nodes by run_id, or plain.

A table is copied run by run into a new one beside it, in one transaction, while others read it;
then the two change names. So whatever ends a conversion leaves each table as it was or finished,
and the next one goes on with the tables that are left. It needs room for a second copy of the
largest table. Nobody loads, judges or deletes a run meanwhile: `db.load.sole_loader` sees to it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, LiteralString

from psycopg import Cursor, sql
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from db.errors import Conflict
from db.layout import LARGE_NAMES, LAYOUT_LOCK, Layout, has_citus, layouts
from db.partitions import between_readers
from db.raw import raw_cursor

SHARDS: Final = 32
# What a conversion makes beside a table, and what it leaves of the old one to be dropped.
NEW, OLD = "_converted", "_before"
# Locks of dropped partitions are held to the end of their transaction, and a server has few.
_DROPPED_AT_ONCE = 20
_PATIENCE_SECONDS = 600.0

OnLine = Callable[[str], None]


class CannotDistribute(Conflict):
    """The tables stay as they are; the text says why, and what to do."""


def distribute(
    engine: Engine, *, plain: bool = False, shards: int = SHARDS, on_line: OnLine = lambda _: None
) -> None:
    """Bring every large table into the distributed layout, or the plain one; tell it line by line.

    Does nothing for a table that has it. The first table is cut into `shards`, the others lie
    where its runs do. CannotDistribute where there are no nodes, or somebody loads; RunBusy where
    somebody reads a table for ten minutes when it is to be exchanged: call it again.
    """
    wanted = Layout.PLAIN if plain else Layout.DISTRIBUTED
    with _alone(engine) as connection:
        if not plain:
            _require_nodes(connection)
        drop_remains(connection)
        found = layouts(connection)
        connection.commit()
        for name in LARGE_NAMES:
            if found[name] is wanted:
                on_line(f"{name}: is {wanted} already")
                continue
            with Session(connection) as session, session.begin():
                rows = _convert(session, name, wanted, shards=shards, on_line=on_line)
            drop_remains(connection)
            on_line(f"{name}: {wanted}, {rows:,} rows")


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Yield a connection while nobody may load."""
    with engine.connect() as connection:
        taken = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LAYOUT_LOCK})
        connection.execute(text("SET statement_timeout = 0"))
        connection.commit()
        if not taken:
            raise CannotDistribute(
                "Runs are being loaded, judged or deleted right now, or somebody else converts the "
                "tables. Stop the workers (they go on where they were), then try again."
            )
        try:
            yield connection
        finally:
            if not connection.closed and not connection.invalidated:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LAYOUT_LOCK})
                connection.execute(text("RESET statement_timeout"))
                connection.commit()


def _require_nodes(connection: Connection) -> None:
    if not has_citus(connection):
        raise CannotDistribute(
            "This database has no Citus. Install it on every node and CREATE EXTENSION citus "
            "(docs/many-nodes.md); or give --plain for the same tables on one server."
        )
    count = "SELECT count(*) FROM pg_dist_node WHERE isactive AND noderole = 'primary'"
    if not connection.scalar(text(count)):
        raise CannotDistribute(
            "The coordinator knows no node. Add some: "
            "SELECT citus_add_node('host', 5432); (docs/many-nodes.md)"
        )


def _convert(session: Session, name: str, wanted: Layout, *, shards: int, on_line: OnLine) -> int:
    """Copy a table and put the copy in its place, in the session's transaction; return its rows."""
    with raw_cursor(session) as cursor:
        # Readers go on; whoever still writes (a helper whose load was killed) is waited for.
        _do(cursor, "LOCK TABLE {} IN SHARE MODE", name)
        _make(cursor, name, like=name)
        if wanted is Layout.DISTRIBUTED:
            _spread(cursor, name, shards)
        runs = _runs(cursor, name)
        copied = 0
        for number, run_id in enumerate(runs, 1):
            _do(
                cursor,
                "INSERT INTO {} SELECT * FROM {} WHERE run_id = %s",
                name + NEW,
                name,
                run_id,
            )
            copied += cursor.rowcount
            on_line(f"{name}: run {run_id} copied ({number} of {len(runs)})")
        if copied != _count(cursor, name):
            raise CannotDistribute(
                f"{name} has changed while it was copied; it stays as it is. Try again."
            )
    between_readers(session, lambda cursor: _exchange(cursor, name), seconds=_PATIENCE_SECONDS)
    return copied


def _make(cursor: Cursor[Any], name: str, *, like: str) -> None:
    """Make the new table, empty: columns, their storage, the key, who may read it."""
    key = _key(cursor, like)
    # With the storage of arrays: once a table is spread, nobody may change it any more.
    _do(cursor, "CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING STORAGE)", name + NEW, like)
    columns = sql.SQL(", ").join(map(sql.Identifier, key))
    statement = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY ({})")
    constraint = sql.Identifier(f"{name}{NEW}_pkey")
    cursor.execute(statement.format(sql.Identifier(name + NEW), constraint, columns))
    cursor.execute(_GRANTS, (like,))
    for grantee, privilege in cursor.fetchall():
        grant = sql.SQL("GRANT {} ON {} TO {}").format(
            sql.SQL(privilege), sql.Identifier(name + NEW), sql.SQL(grantee)
        )
        cursor.execute(grant)


# The owner's own privileges come with the table.
_GRANTS = """
    SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, privilege_type
    FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = %s::regclass AND grantee <> relowner
"""
_KEY = """
    SELECT attname FROM pg_index
    CROSS JOIN unnest(indkey::smallint[]) WITH ORDINALITY AS k (number, place)
    JOIN pg_attribute ON attrelid = indrelid AND attnum = k.number
    WHERE indrelid = %s::regclass AND indisprimary ORDER BY k.place
"""


def _key(cursor: Cursor[Any], name: str) -> list[str]:
    found = [row[0] for row in cursor.execute(_KEY, (name,)).fetchall()]
    if found[:1] != ["run_id"]:
        raise CannotDistribute(f"The primary key of {name} does not begin with run_id.")
    return found


def _spread(cursor: Cursor[Any], name: str, shards: int) -> None:
    """Spread the new table over the nodes, beside the large tables that are spread already."""
    # Much is done to the shards in one transaction: over one connection to each node.
    cursor.execute("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")
    there = cursor.execute(
        "SELECT relname FROM pg_dist_partition JOIN pg_class ON pg_class.oid = logicalrelid "
        "WHERE relname = ANY(%s) AND partmethod = 'h' "
        "ORDER BY count(*) OVER (PARTITION BY colocationid) DESC, relname",
        (list(LARGE_NAMES),),
    ).fetchone()
    # The first is a group of its own: nothing that somebody else distributes moves with the runs.
    beside, more = ("none", ", shard_count => %s") if there is None else (there[0], "")
    call = "SELECT create_distributed_table(%s, 'run_id', colocate_with => %s" + more + ")"
    cursor.execute(call, (name + NEW, beside, *([shards] if there is None else [])))


def _runs(cursor: Cursor[Any], name: str) -> list[int]:
    _do(cursor, "SELECT DISTINCT run_id FROM {} ORDER BY run_id", name)
    return [row[0] for row in cursor.fetchall()]


def _count(cursor: Cursor[Any], name: str) -> int:
    _do(cursor, "SELECT count(*) FROM {}", name)
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _exchange(cursor: Cursor[Any], name: str) -> None:
    """Give the old table another name, and the new one its own; the keys likewise."""
    for old, new in ((name, name + OLD), (name + NEW, name)):
        _do(cursor, "ALTER TABLE {} RENAME TO {}", old, new)
        _do(cursor, "ALTER INDEX {} RENAME TO {}", f"{old}_pkey", f"{new}_pkey")


def drop_remains(connection: Connection) -> None:
    """Drop what a conversion has left: old tables, a few partitions at a time."""
    for name in LARGE_NAMES:
        while parts := _partitions(connection, name + OLD):
            _drop(connection, parts[:_DROPPED_AT_ONCE])
        _drop(connection, [name + OLD, name + NEW])


def remains(connection: Connection) -> list[str]:
    """Return the tables that an interrupted conversion has left."""
    query = text(
        "SELECT relname FROM pg_class WHERE relname = ANY(:names) AND relkind IN ('r', 'p') "
        "AND relnamespace = 'public'::regnamespace ORDER BY relname"
    )
    names = [name + end for name in LARGE_NAMES for end in (NEW, OLD)]
    return list(connection.scalars(query, {"names": names}))


def _partitions(connection: Connection, name: str) -> list[str]:
    query = text(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
        "WHERE inhparent = to_regclass(:name) ORDER BY relname"
    )
    return list(connection.scalars(query, {"name": name}))


def _drop(connection: Connection, names: list[str]) -> None:
    for name in names:
        connection.execute(text(f'DROP TABLE IF EXISTS "{name}"'))
    connection.commit()


def _do(cursor: Cursor[Any], statement: LiteralString, *arguments: str | int) -> None:
    """Run a statement; texts are names in it, numbers are values."""
    names = [sql.Identifier(one) for one in arguments if isinstance(one, str)]
    cursor.execute(
        sql.SQL(statement).format(*names), [one for one in arguments if isinstance(one, int)]
    )
