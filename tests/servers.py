"""The PostgreSQL of the tests: one server, one migrated template, copies of it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from db import migrate
from db.embedded import ensure_server, stop_server
from db.engine import driver_url

# What a crash of the machine would lose does not matter here, and several servers may run side by
# side. Whole pages in the log are for such a crash alone, and each copy of a database ends a round.
SETTINGS = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "shared_buffers": "64MB",
}  # fmt: skip


@contextmanager
def server() -> Iterator[URL]:
    """Yield the URL of a server: that of DATABASE_URL, where set, else one that ends with us.

    Of a given server no existing database is touched; its user must be allowed to make some.
    """
    given = os.environ.get("DATABASE_URL")
    if given:
        yield driver_url(given)
        return
    # Not pytest's own temporary directory: that one is closed to the user PostgreSQL runs as.
    home = Path(tempfile.mkdtemp(prefix="deeptracker-tests-"))
    home.chmod(0o755)
    try:
        yield make_url(ensure_server(home, settings=SETTINGS))
    finally:
        stop_server(home)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def database(on: URL, *, template: str = "template0") -> Iterator[URL]:
    """Yield the URL of a new database, a copy of `template`; it is dropped at the end.

    Copied as files: without fsync that takes half of what a log of every page takes.
    """
    name = f"deeptracker_test_{uuid4().hex}"
    # No pool: a test may kill the server in between.
    admin = create_engine(on, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        with admin.connect() as connection:
            connection.execute(
                text(
                    f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE {template} STRATEGY file_copy"
                )
            )
        try:
            yield on.set(database=name)
        finally:
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        admin.dispose()


@contextmanager
def migrated(on: URL) -> Iterator[URL]:
    """Yield the URL of a new database with every migration; nothing stays connected to it."""
    with database(on) as url:
        migrate.upgrade(plain(url))
        yield url


def rename(on: URL, names: dict[str, str]) -> None:
    """Give databases other names, one after the other, though a server uses them: old to new.

    Nobody gets in meanwhile: a pool that connects again at once would keep the old name in use.
    """
    admin = create_engine(on, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        for old, new in names.items():
            connection.execute(text(f"ALTER DATABASE {old} ALLOW_CONNECTIONS false"))
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid, 10000) "
                    "FROM pg_stat_activity WHERE datname = :old"
                ),
                {"old": old},
            )
            connection.execute(text(f"ALTER DATABASE {old} RENAME TO {new}"))
            connection.execute(text(f"ALTER DATABASE {new} ALLOW_CONNECTIONS true"))
    admin.dispose()


def plain(url: URL) -> str:
    """Return a URL as text, its password readable, as DATABASE_URL takes it."""
    return url.render_as_string(hide_password=False)
