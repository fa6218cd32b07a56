"""psycopg's binary cursors within a SQLAlchemy session: bytes arrive as they are stored."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, LiteralString

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

Row = tuple[Any, ...]
Array = NDArray[Any]

_NO_ID = -1


def driver_connection(session: Session) -> "psycopg.Connection[Any]":
    """Return the psycopg connection of the session's transaction, after a flush."""
    session.flush()
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("the engine must use psycopg")
    return connection


@contextmanager
def raw_cursor(session: Session, *, binary: bool = False) -> Iterator["psycopg.Cursor[Any]"]:
    """Yield a psycopg cursor in the session's transaction.

    What the server could not do (it is away, its disk is full, a statement took too long), and what
    it does not know (a table, where the schema is another one), are raised as SQLAlchemy's errors,
    as by everything else that the session does.
    """
    connection = driver_connection(session)
    try:
        with connection.cursor(binary=binary) as cursor:
            yield cursor
    except psycopg.OperationalError as error:
        raise OperationalError(
            None, None, error, connection_invalidated=connection.broken
        ) from error
    except psycopg.ProgrammingError as error:
        raise ProgrammingError(None, None, error) from error


def fetch(
    session: Session, query: LiteralString | sql.Composed, parameters: Mapping[str, Any]
) -> list[Row]:
    """Run `query` in the session's transaction; bytea comes as bytes, numbers as numbers.

    Numbers are ids and iterations: one that no integer column can hold finds nothing.
    """
    fitting = {name: _fitting(value) for name, value in parameters.items()}
    with raw_cursor(session, binary=True) as cursor:
        cursor.execute(query, fitting)
        return cursor.fetchall()


def fetch_some(
    session: Session,
    query: LiteralString | sql.Composed,
    parameters: Mapping[str, Any],
    *,
    at_once: int,
) -> Iterator[list[Row]]:
    """Yield what `fetch` returns, up to `at_once` rows at a time, each let go when the next come.

    The driver has all of them until the last is taken, but Python does not.
    """
    fitting = {name: _fitting(value) for name, value in parameters.items()}
    with raw_cursor(session, binary=True) as cursor:
        cursor.execute(query, fitting)
        while some := cursor.fetchmany(at_once):
            yield some


class Question:
    """A SELECT that every request asks, made into text once: asked in a tenth of the CPU time.

    What changes from one time to the next is a `bindparam`; columns are plain ones, whose values
    psycopg gives as they are.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement

    @cached_property
    def _made(self) -> tuple[LiteralString, Mapping[str, Any]]:
        made = self._statement.compile(dialect=dialects.dialect())
        return str(made), made.params

    def row(self, session: Session, **parameters: Any) -> Row | None:
        """Return the first row, None where there is none; the parameters are as of `fetch`."""
        text, fixed = self._made
        rows = fetch(session, text, {**fixed, **parameters})
        return rows[0] if rows else None


def _fitting(value: object) -> object:
    # A larger number would be sent as numeric, and then no index on an integer column serves it.
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        return _NO_ID
    return value


def column(name: str, allowed: Sequence[str]) -> sql.Identifier:
    """Return a column's name for a query; ValueError where it is not one of the allowed ones."""
    check_choice(name, allowed)
    return sql.Identifier(name)


def check_choice(name: str, allowed: Sequence[str]) -> None:
    """Raise ValueError where `name` is not one of the allowed ones."""
    if name not in allowed:
        raise ValueError(f"{name!r} is not one of {', '.join(allowed)}")


def joined(rows: Sequence[Row], place: int, dtype: str) -> Array:
    """Return the bytea values of one column one after the other, writable, in native order."""
    data = bytearray().join([row[place] for row in rows])
    return np.frombuffer(data, np.dtype(dtype).newbyteorder("<"))


def across(rows: Sequence[Row], place: int, dtype: str, *, width: int | None = None) -> Array:
    """Return the bytea values of one column as the columns of a matrix [width, rows], C-contiguous.

    All have the same length; `width` says it where there may be no rows. ValueError otherwise.
    """
    flat = joined(rows, place, dtype)
    if width is None:
        width = len(flat) // len(rows)
    return np.ascontiguousarray(flat.reshape(len(rows), width).T)


def numbers(rows: Sequence[Row], place: int, dtype: str) -> Array:
    """Return one column of numbers as an array [rows]."""
    return np.fromiter((row[place] for row in rows), dtype, len(rows))
