"""A backup of tables that are spread over nodes, restored to where there may be none.

Their coordinator dumps them as plain ones, and Citus as an extension that a plain server lacks. The
nodes have no common moment either: while a load goes on, the backup's large tables may hold
snapshots that its table of snapshots has not.
"""

import re
from collections.abc import Callable

from sqlalchemy import ARRAY, ColumnElement, Engine, Integer, all_, delete, literal, select
from sqlalchemy.orm import Session

from db.distribute import distribute
from db.engine import session_scope
from db.layout import LARGE, Layout, has_citus, layouts
from db.models import Run, snapshot

# What the list of a dump's contents has of Citus: the extension, its parts, and their comments.
_CITUS = re.compile(r"\d+; \d+ \d+ (EXTENSION -|COMMENT - EXTENSION) citus\w*\b")


def without_citus(contents: str) -> tuple[str, bool]:
    """Return what `pg_restore --list` says without Citus, and whether Citus was in it."""
    lines = contents.splitlines(keepends=True)
    kept = "".join(line for line in lines if not _CITUS.match(line))
    return kept, kept != contents


def restore_layout(engine: Engine, *, on_line: Callable[[str], None]) -> None:
    """Forget what a load wrote while the backup was being made; spread the tables where possible.

    Those that have a partition for each run were not spread, and stay as they are.
    """
    with engine.connect() as connection:
        nodes, found = has_citus(connection), layouts(connection)
    if Layout.PARTITIONED in found.values():
        return
    with session_scope(engine) as session:
        _forget_later(session)
    if nodes:
        distribute(engine, on_line=on_line)
    else:
        on_line(
            "The backup is of several nodes, and this server has no Citus: its tables are plain."
        )


def _forget_later(session: Session) -> None:
    """Delete rows of the large tables whose snapshot, or run, the backup does not have."""
    runs = list(session.scalars(select(Run.id)))
    for table in LARGE:
        session.execute(delete(table).where(table.c.run_id != _each(runs)))
    for run_id in runs:
        query = select(snapshot.c.iteration).where(snapshot.c.run_id == run_id)
        there = list(session.scalars(query))
        for table in LARGE:
            later = delete(table).where(table.c.run_id == run_id)
            session.execute(later.where(table.c.iteration != _each(there)))


def _each(numbers: list[int]) -> ColumnElement[bool]:
    # One parameter, however many there are.
    return all_(literal(numbers, ARRAY(Integer)))
