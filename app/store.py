"""The database of the running application, for callbacks and routes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from flask import Flask, current_app, g
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.reading import reads_only
from db.engine import asking_scope, read_scope, session_scope

_KEY = "deeptracker.engine"


def attach(server: Flask, engine: Engine) -> None:
    """Let the server's requests use `engine`."""
    server.extensions[_KEY] = engine
    server.teardown_request(lambda _error: _end_reading())


def engine() -> Engine:
    """Return the engine of the application that answers the present request."""
    return current_app.extensions[_KEY]


@contextmanager
def transaction() -> Iterator[Session]:
    """Yield a session in one transaction: committed at the end, rolled back on an exception.

    In a callback that is marked as reading it cannot write, and is the same for all of the request:
    a page is put together by a dozen functions, which so see one moment of the store.
    """
    with _reading() if reads_only() else noting() as session:
        yield session


@contextmanager
def _reading() -> Iterator[Session]:
    if "reading" not in g:
        with ExitStack() as opening:
            session = opening.enter_context(read_scope(engine()))
            g.reading = session, opening.pop_all()
    try:
        yield g.reading[0]
    except SQLAlchemyError:
        _end_reading()  # nothing more can be asked in it
        raise


def _end_reading() -> None:
    """Give the connection back with which the request has read."""
    _, opened = g.pop("reading", (None, None))
    if opened is not None:
        # A database that goes just then takes nothing from an answer that is read: no transaction
        # is left to end.
        with suppress(SQLAlchemyError):
            opened.close()


@contextmanager
def asking() -> Iterator[Session]:
    """Yield a session for single questions that many requests ask; see db.engine.asking_scope."""
    with asking_scope(engine()) as session:
        yield session


@contextmanager
def noting() -> Iterator[Session]:
    """Yield a session that may write even where a callback only reads: when a thing was used."""
    with session_scope(engine()) as session:
        yield session
        # From here on it is not known whether it was stored, should the answer be an error.
        g.may_be_stored = True


def forget_commits() -> None:
    """Begin a request: what was stored so far, that somebody was seen, is none of its own."""
    g.may_be_stored = False


def may_be_stored() -> bool:
    """Return whether the present request has committed something, or may have."""
    return bool(g.get("may_be_stored"))
