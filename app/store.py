"""The database of the running application, for callbacks and routes."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.engine import session_scope

_KEY = "deeptracker.engine"


def attach(server: object, engine: Engine) -> None:
    """Let the server's requests use `engine`."""
    server.extensions[_KEY] = engine  # type: ignore[attr-defined]


def engine() -> Engine:
    """Return the engine of the application that answers the present request."""
    return current_app.extensions[_KEY]


@contextmanager
def transaction() -> Iterator[Session]:
    """Yield a session in one transaction: committed at the end, rolled back on an exception."""
    with session_scope(engine()) as session:
        yield session
