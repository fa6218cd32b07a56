"""A database of a benchmark's own, on a server with the settings that users have."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, create_engine, text

from db import migrate
from db.embedded import ensure_server, stop_server
from db.engine import driver_url, make_engine


@contextmanager
def benchmark_engine() -> Iterator[Engine]:
    """Yield an engine on a new, migrated database: of DATABASE_URL's server, else an embedded one.

    The database (and the embedded server with its folder) is gone afterwards.
    """
    given = os.environ.get("DATABASE_URL")
    home = None if given else Path(tempfile.mkdtemp(prefix="deeptracker-benchmark-"))
    try:
        if home is not None:
            home.chmod(0o755)  # PostgreSQL's own user must get in
        with _database(given or ensure_server(home or Path())) as engine:
            migrate.upgrade(engine)
            yield engine
    finally:
        if home is not None:
            stop_server(home)
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _database(url: str) -> Iterator[Engine]:
    address = driver_url(url)
    name = f"deeptracker_benchmark_{uuid4().hex}"
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
        own = address.set(database=name).render_as_string(hide_password=False)
        engine = make_engine(own, statement_timeout_ms=None)
        try:
            yield engine
        finally:
            engine.dispose()
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        admin.dispose()
