"""How migrations run: one process at a time, each migration in a transaction of its own."""

import time
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, text

from db.errors import ServerUnavailable
from db.migrate import include_name
from db.models import Base
from db.types import Document, NumpyArray

_LOCK = 0x4454_4D49
_PATIENCE_SECONDS = 300


def render_item(kind: str, item: object, context: AutogenContext) -> str | Literal[False]:
    """Write columns of our types as plain ones: an old migration must not need today's code."""
    if kind == "type" and isinstance(item, NumpyArray):
        return "sa.LargeBinary()"
    if kind == "type" and isinstance(item, Document):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return "postgresql.JSONB()"
    return False


def _wait_for_turn(connection: Connection) -> None:
    """Take the lock that makes this process the only one that migrates."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    # Asked again and again, because a statement that waits is a transaction that stays open, and
    # an index that another process makes CONCURRENTLY would wait for that in turn.
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
        connection.rollback()
        if time.monotonic() > deadline:
            raise ServerUnavailable(
                f"Another process has been migrating the database for {_PATIENCE_SECONDS} s; "
                "see to it, then try again."
            )
        time.sleep(0.1)
    connection.commit()


def run(connection: Connection) -> None:
    """Bring the schema up to date, or write a new migration."""
    _wait_for_turn(connection)
    # Never queue behind a long reader of a table: whoever waits for an exclusive lock makes every
    # later reader wait too.
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text("SET statement_timeout = '300s'"))
    connection.commit()
    try:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            include_name=include_name,
            render_item=render_item,
            compare_type=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
        connection.execute(text("RESET lock_timeout"))
        connection.execute(text("RESET statement_timeout"))
        connection.commit()


run(context.config.attributes["connection"])
