"""The embedded PostgreSQL: a real server from a wheel, in a directory of the user's."""

import atexit
import os
import stat
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL

from db.embedded.causes import FAILURES, CannotStart, explain, no_folder
from db.embedded.processes import PORT, USER, connect
from db.embedded.server import Server
from db.errors import ServerUnavailable
from db.file_lock import FileLock, locked
from db.home import check_home

DATABASE = "deeptracker"
# As long as somebody else may need to start a server that recovers.
_TURN_SECONDS = 150.0
_LEAVE_SECONDS = 10.0

# What this process uses, one thread at a time; and why that failed last, for those who waited.
_threads = threading.RLock()
_uses: dict[Path, FileLock] = {}
_failed: dict[Path, tuple[float, str]] = {}


def ensure_server(home: Path, *, settings: Mapping[str, str] | None = None) -> str:
    """Return the SQLAlchemy URL of the server under `home`, started and created as needed.

    Every process that calls this shares the one server, over a Unix socket; it stops when the last
    of them ends. Whoever finds it gone calls this again. `settings` overrides the server's
    settings, and only counts when the data directory is made. Raises ServerUnavailable, HomeRefused
    where `home` belongs to another account.
    """
    home = _resolved(home)
    called = time.monotonic()
    with _threads:
        at, why = _failed.get(home, (float("-inf"), ""))
        if at > called:  # another thread tried meanwhile: once is enough
            raise ServerUnavailable(why)
        check_home(home)
        try:
            _make_home(home)
            with _turn(home):
                socket_directory = Server(home).run(settings or {})
                _use(home)  # first: where the next step fails, it ends with us
                _create_database(socket_directory)
        except FAILURES as error:
            why = explain(error, home)
            _failed[home] = time.monotonic(), why
            raise ServerUnavailable(why) from error
    return _url(socket_directory)


def stop_server(home: Path) -> None:
    """End this process's use of the server under `home`; it stops if nobody else uses it.

    Without this it ends with the process; tests and benchmarks remove `home` before that.
    """
    home = _resolved(home)
    with _threads:
        if use := _uses.pop(home, None):
            use.lift()
            with suppress(OSError), locked(_lock(home), seconds=_LEAVE_SECONDS) as ours:
                # Whoever is at it for so long uses it.
                if ours and _is_unused(home):
                    Server(home).stop()


@atexit.register
def _leave() -> None:
    # A thread that has been at it for so long is left alone; its lock ends with us.
    if _threads.acquire(timeout=_LEAVE_SECONDS):
        for home in list(_uses):
            stop_server(home)
        _threads.release()


def _after_fork() -> None:
    global _threads
    _threads = threading.RLock()  # a thread that the child does not have may hold it


os.register_at_fork(after_in_child=_after_fork)


def _resolved(home: Path) -> Path:
    try:
        return home.expanduser().resolve()
    except (OSError, RuntimeError) as error:  # links in a circle, or nobody's home
        raise ServerUnavailable(
            f"DEEPTRACKER_HOME is {home}, which leads nowhere ({error}). Set it to a folder."
        ) from error


def _lock(home: Path) -> Path:
    return home / ".start.lock"


@contextmanager
def _turn(home: Path) -> Iterator[None]:
    """Let nobody else start or stop the server within the block."""
    with locked(_lock(home), seconds=_TURN_SECONDS) as ours:
        if not ours:
            raise CannotStart(
                f"another process has been starting it for {_TURN_SECONDS:.0f} s",
                "End that process, or try again later.",
            )
        yield


def _use(home: Path) -> None:
    if home not in _uses:
        use = FileLock(home / ".users.lock")
        use.take(shared=True)
        _uses[home] = use


def _is_unused(home: Path) -> bool:
    with locked(home / ".users.lock", seconds=0) as free:
        return free


def _url(socket_directory: str) -> str:
    url = URL.create(
        "postgresql+psycopg",
        username=USER,
        database=DATABASE,
        query={"host": socket_directory, "port": str(PORT)},
    )
    return url.render_as_string(hide_password=False)


def _make_home(home: Path) -> None:
    """Make `home`; as root, one that the server's account can reach, opening nothing for that."""
    missing = [path for path in (home, *home.parents) if not path.exists()]
    if os.geteuid() == 0:
        _check_reachable(path for path in (home, *home.parents) if path not in missing)
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            path.chmod(0o755)  # whatever root's umask closes: we have made it
    home.mkdir(exist_ok=True)


def _check_reachable(folders: Iterable[Path]) -> None:
    for folder in folders:
        if not folder.is_dir():
            raise no_folder(folder)
        if not folder.stat().st_mode & stat.S_IXOTH:
            raise CannotStart(
                f"{folder} is closed to the account that PostgreSQL runs as",
                f"Open it (chmod o+x {folder}), or set DEEPTRACKER_HOME to another folder.",
            )


def _create_database(socket_directory: str) -> None:
    with connect(socket_directory) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0")
