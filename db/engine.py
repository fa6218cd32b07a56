"""Connections: the engine, and one transaction as a context manager."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session

from db import patience, plans
from db.config import DatabaseSettings
from db.embedded import ensure_server
from db.errors import ServerUnavailable

logger = logging.getLogger(__name__)

# A network that loses packets without a word should not be waited for (`patience.waits`), on the
# server's side neither: what a client that was cut off holds, such as the right to load a run, is
# free again soon, not when the kernel asks after it, by default in two hours.
_SERVER_NETWORK = (
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2 "
    f"-c tcp_user_timeout={patience.SILENT_SECONDS * 1000}"
)
# What an index costs to read, in pages read one after the other: it is in memory, or on a disk that
# does not turn. By PostgreSQL's own estimate, 4, all of a run is read and sorted for a third of it.
_RANDOM_PAGE_COST = 1.1
# In the `info` of a session that sees one moment of the store: what was read of runs, by id. It
# stays true for as long as the session does (db/queries/runs/runs.py).
RUNS_OF_ONE_MOMENT = "runs of one moment"
# The option of an engine that names the home of the embedded server which it keeps running.
_HOME = "deeptracker_home"


def database_url(settings: DatabaseSettings | None = None) -> str:
    """Return the URL to use: DATABASE_URL, or that of the embedded server, which is started."""
    settings = settings or DatabaseSettings()
    return settings.database_url or ensure_server(settings.home)


def driver_url(url: str) -> URL:
    """Return a URL as SQLAlchemy takes it, also where it is written as other tools write it.

    Raises ServerUnavailable where it is not the URL of a PostgreSQL.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # the second where the port is no number
        # The text may hold a password, which error and trace would repeat.
        raise ServerUnavailable(
            "DATABASE_URL is not a URL (postgresql://user:password@host:5432/name). Characters of "
            "a password such as / @ : # % are written as %2F %40 %3A %23 %25 there."
        ) from None
    if address.get_backend_name() not in ("postgresql", "postgres"):
        raise ServerUnavailable(
            f"DATABASE_URL is for {address.get_backend_name()}, but only PostgreSQL will do."
        )
    return address.set(drivername="postgresql+psycopg")


def make_engine(
    url: str | None = None,
    *,
    statement_timeout_ms: int | None = 30_000,
    pool_size: int = 5,
    name: str = "deeptracker",
) -> Engine:
    """Return an engine for `url`, or for the settings' database.

    A statement that runs longer than `statement_timeout_ms` is cancelled by the server; None means
    no limit (loading). The server lists the connections under `name`. That of the settings, where
    it is the embedded one, is started again by whatever next needs a connection and finds it gone;
    one of a `url` is its owner's.
    """
    settings = DatabaseSettings()
    address = driver_url(url or database_url(settings))
    # Unless the layout says otherwise: `db.plans`.
    options = (
        f"-c statement_timeout={statement_timeout_ms or 0} -c jit=off -c timezone=UTC "
        f"-c plan_cache_mode={plans.FOR_PARTITIONS} -c random_page_cost={_RANDOM_PAGE_COST} "
        f"{_SERVER_NETWORK}"
    )
    engine = create_engine(
        address,
        connect_args={
            **patience.waits(address),
            "options": options,
            "application_name": name,
            # Whatever the environment of the process says.
            "client_encoding": "utf8",
        },
        # Values of a failed statement may be secrets, and its text goes to the log.
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=10,
        pool_timeout=patience.POOL_SECONDS,
    )
    # First whoever restarts the embedded server: `patience` ends an attempt that fails.
    if not url and not settings.database_url:
        keep_running(engine, settings.home)
    patience.watch(engine)
    plans.watch(engine)
    return engine


def keep_running(engine: Engine, home: Path | None) -> None:
    """Let an engine start the embedded server under `home` again where it cannot connect to it.

    Where that fails, the log says why, and the error is that of a database that is away.
    """
    if home is None:
        return
    engine.update_execution_options(**{_HOME: home})

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: Any, options: Any) -> Any:
        try:
            return dialect.connect(*arguments, **options)
        except dialect.loaded_dbapi.OperationalError as error:
            try:
                ensure_server(home)
            except ServerUnavailable as why:
                logger.error("%s", why)
                raise error from why
        return dialect.connect(*arguments, **options)


def kept_home(engine: Engine) -> Path | None:
    """Return the home of the embedded server that an engine keeps running, None where it does not.

    For engines that should do so beside it.
    """
    found: Path | None = engine.get_execution_options().get(_HOME)
    return found


def wait_for_server(engine: Engine, *, seconds: float) -> bool:
    """Return whether the server answers within this time; the embedded one is started again."""
    end = time.monotonic() + seconds
    while True:
        try:
            with engine.connect():
                return True
        except OperationalError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.5)


@contextmanager
def session_scope(engine: Engine) -> Iterator[Session]:
    """Yield a session in one transaction: committed at the end, rolled back on an exception."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def read_scope(engine: Engine) -> Iterator[Session]:
    """Yield a session that only reads: all its queries see the store as of the first of them.

    So arrays of several queries fit together (the same T) while the run is being loaded.
    """
    with engine.connect() as connection:
        reading = connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        moment: dict[str, Any] = {RUNS_OF_ONE_MOMENT: {}}
        with Session(reading, expire_on_commit=False, info=moment) as session:
            yield session


@contextmanager
def asking_scope(engine: Engine) -> Iterator[Session]:
    """Yield a session for single questions: each statement sees the store as it is then.

    Nothing is begun and ended around them, which would be two round trips more for each.
    """
    with engine.connect() as connection:
        asking = connection.execution_options(isolation_level="AUTOCOMMIT")
        with Session(asking, expire_on_commit=False) as session:
            yield session
