"""psycopg's binary cursors within a SQLAlchemy session: bytes arrive as they are stored."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy.orm import Session


def driver_connection(session: Session) -> "psycopg.Connection[Any]":
    """Return the psycopg connection of the session's transaction, after a flush."""
    session.flush()
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("the engine must use psycopg")
    return connection


def fetch(
    session: Session, query: LiteralString | sql.Composed, parameters: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """Run `query` in the session's transaction; bytea comes as bytes, numbers as numbers."""
    with driver_connection(session).cursor(binary=True) as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def column(name: str, allowed: Sequence[str]) -> sql.Identifier:
    """Return a column's name for a query; ValueError where it is none of the allowed ones."""
    if name not in allowed:
        raise ValueError(f"{name!r} is none of {', '.join(allowed)}")
    return sql.Identifier(name)
