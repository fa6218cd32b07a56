"""SQLite databases of other tools, read without writing anything beside them, also while in use."""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from deeptracker.errors import LogError

_BEGINS = b"SQLite format 3\0"
# In byte 18: the newest pages may be in a log beside the file, in the mode WAL.
_WAL = 2
# A text or an array of a row is no longer than this, and reading takes no longer.
_MOST_BYTES = 64 * 2**20
_MOST_SECONDS = 600.0
# So long a writer is waited for.
_WAIT_SECONDS = 5.0
# So many instructions of SQLite's machine are between two looks at the clock.
_STEPS = 100_000


def is_database(path: Path) -> bool:
    """Say whether a file is an SQLite database, by its first bytes."""
    try:
        return _header(path).startswith(_BEGINS)
    except OSError:
        return False


def written(path: Path) -> tuple[int, ...]:
    """Return what changes when something is written to a database: sizes and times of its files."""
    found: list[int] = []
    for file in (path, _beside(path, "-wal")):
        with suppress(OSError):
            stat = file.stat()
            found += [stat.st_ino, stat.st_size, stat.st_mtime_ns]
    return tuple(found)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read it, and close it again.

    Each statement holds a writer up until its last row is fetched, so large tables are better read
    by parts. Nothing is made beside the file, as SQLite itself would in the mode WAL: one that
    nobody has open is read as a file that does not change; one that was left in the middle of a
    write, or without what its readers share, is copied. Raises LogError where it is damaged, stays
    locked, changed where it could not, or takes too long.
    """
    before = written(path)
    try:
        with tempfile.TemporaryDirectory(prefix="deeptracker-") as folder:
            connection, lasting = _connected(path, Path(folder))
            with closing(connection):
                yield connection
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise LogError(path, "", f"cannot be read as a database ({_said(error)})") from error
    except OSError as error:
        raise LogError(path, "", f"cannot be read ({error.strerror})") from error
    if lasting and written(path) != before:
        raise LogError(path, "", "was written to while it was read; read it again")


def columns(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    """Return the columns of a plain table; none where there is no such table, or it is a view."""
    found = connection.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [table]
    ).fetchone()
    if found is None or "VIRTUAL" in str(found[0]).upper().split("(")[0]:
        return frozenset()
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", [table])
    return frozenset(str(name) for (name,) in rows)


def _said(error: Exception) -> str:
    text = str(error)
    if "locked" in text:
        return "somebody writes to it all the time; try again"
    return f"it takes more than {_MOST_SECONDS:.0f} s" if "interrupted" in text else text


def _connected(path: Path, folder: Path) -> tuple[sqlite3.Connection, bool]:
    """Return a connection to a database, and whether it must not change meanwhile."""
    log, shared = _beside(path, "-wal"), _beside(path, "-shm")
    if _header(path)[18:19] == bytes([_WAL]):
        if not (log.exists() and log.stat().st_size):
            return _limited(path, "mode=ro&immutable=1"), True
        if shared.exists():
            return _limited(path, "mode=ro&readonly_shm=1"), False
        return _copied(path, folder), False
    connection = _limited(path, "mode=ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if "readonly" not in str(error):
            raise
        # A writer was cut off: taking its half of a write back is writing, too.
        return _copied(path, folder), False
    return connection, False


def _copied(path: Path, folder: Path) -> sqlite3.Connection:
    for ending in ("", "-wal", "-journal"):
        if (one := _beside(path, ending)).is_file():
            shutil.copyfile(one, folder / f"copy{ending}")
    return _limited(folder / "copy", "mode=rw")


def _limited(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?{how}", uri=True, timeout=_WAIT_SECONDS, isolation_level=None
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
    end = time.monotonic() + _MOST_SECONDS
    connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
    return connection


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(20)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
