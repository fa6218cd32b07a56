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
# A text or an array of a row is no longer than this, and reading takes no longer.
_MOST_BYTES = 64 * 2**20
_MOST_SECONDS = 600.0
# So many instructions of SQLite's machine are between two looks at the clock.
_STEPS = 100_000


def is_database(path: Path) -> bool:
    """Say whether a file is an SQLite database, by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(_BEGINS)) == _BEGINS
    except OSError:
        return False


def written(path: Path) -> tuple[int, ...]:
    """Return what changes when something is written to a database: sizes and times of its files."""
    found: list[int] = []
    for file in (path, _beside(path, "-wal")):
        with suppress(OSError):
            stat = file.stat()
            found += [stat.st_size, stat.st_mtime_ns]
    return tuple(found)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read it, and close it again.

    SQLite itself would make files beside one in the mode WAL, even to read it alone. So one that
    nobody has open is read as a file that does not change, and one that was left with a journal is
    copied. Raises LogError where it is damaged, changed meanwhile, or takes too long.
    """
    before = written(path)
    wal, shared = _beside(path, "-wal"), _beside(path, "-shm")
    try:
        with tempfile.TemporaryDirectory() as folder:
            place, how = path.resolve(), "mode=ro"
            if not wal.exists():
                how += "&immutable=1"
            elif not shared.exists():
                place = Path(shutil.copy(path, folder))
                shutil.copy(wal, _beside(place, "-wal"))
            with closing(sqlite3.connect(f"{place.as_uri()}?{how}", uri=True)) as connection:
                _limit(connection)
                yield connection
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        why = "was written to at the same time" if written(path) != before else str(error)
        raise LogError(path, "", f"cannot be read as a database ({why})") from error
    except OSError as error:
        raise LogError(path, "", f"cannot be read ({error.strerror})") from error
    if "immutable" in how and written(path) != before:
        raise LogError(path, "", "was written to while it was read; read it again")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _limit(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
    end = time.monotonic() + _MOST_SECONDS
    connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)


def columns(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    """Return the columns of a plain table; none where there is no such table, or it is a view."""
    found = connection.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [table]
    ).fetchone()
    if found is None or "VIRTUAL" in str(found[0]).upper().split("(")[0]:
        return frozenset()
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", [table])
    return frozenset(str(name) for (name,) in rows)
