"""The database of the running application, for callbacks and routes."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app, g
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.reading import reads_only
from db.engine import asking_scope, read_scope, session_scope

_KEY = "deeptracker.engine"


def attach(server: object, engine: Engine) -> None:
    """Let the server's requests use `engine`."""
    server.extensions[_KEY] = engine  # type: ignore[attr-defined]


def engine() -> Engine:
    """Return the engine of the application that answers the present request."""
    return current_app.extensions[_KEY]


@contextmanager
def transaction() -> Iterator[Session]:
    """Yield a session in one transaction: committed at the end, rolled back on an exception.

    In a callback that is marked as reading it cannot write.
    """
    with read_scope(engine()) if reads_only() else noting() as session:
        yield session


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
