"""The database as the commands need it: there, and up to date."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from db import migrate
from db.config import DatabaseSettings
from db.engine import make_engine
from db.errors import StoreError


class NotUpgraded(StoreError):  # noqa: N818 - the name that callers read
    """The database lacks migrations, and is not ours to change without being told."""


@contextmanager
def ready_engine(*, statement_timeout_ms: int | None = 30_000) -> Iterator[Engine]:
    """Yield an engine on an up-to-date database.

    The embedded one is brought up to date; for one of DATABASE_URL that is somebody's decision:
    NotUpgraded.
    """
    engine = make_engine(statement_timeout_ms=statement_timeout_ms)
    try:
        if not migrate.is_current(engine):
            if DatabaseSettings().database_url:
                raise NotUpgraded(
                    "The database of DATABASE_URL is not up to date. Run: deeptracker db upgrade"
                )
            migrate.upgrade()
        yield engine
    finally:
        engine.dispose()
