"""The data directory of the embedded server: made whole or not at all, with settings of ours."""

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from db.embedded.account import Account, programs
from db.embedded.causes import CannotStart, Ended
from db.embedded.processes import PORT, USER

_MARK = "# written by DeepTracker when the directory was made; change it as you like\n"
_UNFINISHED = ".postgresql-"
# Databases of the server itself have lower numbers.
_FIRST_DATABASE = 16_384
_LOG_BYTES = 20 * 2**20
# The bytes of a path that fit into a socket's address, without the zero at its end.
_SOCKET_PATH = 107 if sys.platform == "linux" else 103


def version_of(data: Path) -> int | None:
    """Return the major version that data are of; None where there are none."""
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii").split(".")[0])
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def make_cluster(home: Path, account: Account, settings: Mapping[str, str]) -> None:
    """Make the data directory of `home` where there is none, or one that was never finished.

    It is made aside and gets its name when it is whole: whatever ends us before, the next one
    begins again. Raises Ended, CannotStart, OSError.
    """
    data = home / "postgresql"
    for left in home.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
    if data.is_dir():
        if _is_finished(data):
            return
        shutil.rmtree(data)
    aside = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=home))
    try:
        account.own(aside)
        # Whoever does not care for his data need not wait for the disk now either.
        options = ["--no-sync"] if settings.get("fsync") == "off" else []
        _init(aside, programs(home, account, version=None), account, options)
        _write_settings(aside, settings)
        aside.rename(data)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _init(data: Path, folder: Path, account: Account, options: Sequence[str]) -> None:
    # The locale is PostgreSQL's own: the machine need not have it, and need not keep it.
    done = account.run(
        [
            str(folder / "initdb"),
            f"--pgdata={data}",
            f"--username={USER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *options,
        ]
    )
    if done.returncode:
        raise Ended(done.stdout)


def _is_finished(data: Path) -> bool:
    """Return whether a data directory was made whole; CannotStart where it is something else.

    Earlier versions made it in place. What they left unfinished has no database of ours in it.
    """
    names = {path.name for path in data.iterdir()}
    conf = data / "postgresql.conf"
    if conf.exists() and _MARK in conf.read_text(encoding="utf-8", errors="replace"):
        return True
    if foreign := [name for name in names if not _is_of_server(name)]:
        raise CannotStart(
            f"{data} holds {sorted(foreign)[0]!r}, which is not part of a PostgreSQL",
            "Move that folder away, or set DEEPTRACKER_HOME to another one.",
        )
    databases = data / "base"
    numbers = [path.name for path in databases.iterdir()] if databases.is_dir() else []
    return any(name.isdecimal() and int(name) >= _FIRST_DATABASE for name in numbers)


def _is_of_server(name: str) -> bool:
    known = ("PG_VERSION", "base", "global", "log", ".handle_pids.json")
    return name in known or name.startswith(("pg_", "postgresql.", "postmaster.", ".s.PGSQL."))


def _write_settings(data: Path, settings: Mapping[str, str]) -> None:
    lines = {**_server_settings(), **settings}
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\n" + _MARK)
        file.writelines(f"{name} = '{value}'\n" for name, value in lines.items())
        file.flush()
        os.fsync(file.fileno())


def _server_settings() -> dict[str, str]:
    """Return what mattered at paper scale; memory follows the machine.

    Arrays are stored EXTERNAL, so TOAST compression plays no part, and the wheel has no lz4.
    """
    memory = _memory()
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


def _memory() -> int:
    """Return the MB of memory that there are for us: a container may have less than its machine."""
    found = psutil.virtual_memory().total
    with suppress(OSError, ValueError):
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")
        found = min(found, int(limit))
    return found // 2**20


def socket_directory(data: Path, account: Account) -> Path:
    """Return the directory of the server's socket: that of its data, where the address has room.

    Otherwise one in /tmp that only the account may enter; CannotStart where somebody else has it.
    """
    if "," not in str(data) and len(os.fsencode(data / f".s.PGSQL.{PORT}")) <= _SOCKET_PATH:
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    place = Path(f"/tmp/deeptracker-{account.uid}-{name}")  # noqa: S108 - checked below
    with suppress(FileExistsError):
        place.mkdir(mode=0o700)
        account.own(place)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
        raise CannotStart(
            f"the path is too long for a socket, and {place} is somebody else's",
            "Set DEEPTRACKER_HOME to a folder with a shorter path.",
        )
    return place


def shorten_log(data: Path) -> None:
    """Begin a new log where the present one is long; one old one is kept."""
    log = data / "log"
    with suppress(FileNotFoundError):
        if log.is_file() and log.stat().st_size > _LOG_BYTES:
            log.replace(data / "log.old")
