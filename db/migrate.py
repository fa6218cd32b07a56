"""The schema: bring it up to date, ask whether it is, write a new migration."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

import migrations
from db.engine import make_engine
from db.errors import ServerUnavailable, StoreError
from db.partitions import is_partition

if TYPE_CHECKING:
    from alembic.config import Config

OLDEST = (15,)
_SCRIPTS = Path(migrations.__file__).parent
# How a migration says which it is, and after which one it comes.
_SAID: Final = re.compile(r"^(revision|down_revision)\b[^=\n]*= *(.+)$", re.MULTILINE)
_NAMED: Final = re.compile(r"['\"](\w+)['\"]")
# Where Alembic keeps what a database has; not there before the first migration.
_HAS: Final = text("SELECT to_regclass('alembic_version') IS NOT NULL")
_FOUND: Final = text("SELECT version_num FROM alembic_version")


class SchemaTooNew(StoreError):  # noqa: N818 - the name that callers read
    """The database was upgraded by a newer release; the text names its revision and ours."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database has revision {revision}: a newer release of DeepTracker upgraded it, "
            f"and this one knows revisions up to {', '.join(heads())}. Upgrade the package here: "
            "pip install --upgrade 'deeptracker[server]'"
        )
        self.revision = revision


def include_name(name: str | None, kind: str, parents: object) -> bool:
    """Leave alone what no model names: the queue's tables, and the partitions of runs."""
    if kind != "table" or name is None:
        return True
    return not (name.startswith("procrastinate_") or is_partition(name))


def upgrade(target: Engine | str | None = None, *, revision: str = "head") -> None:
    """Bring the database up to `revision`; safe to call from several processes at once.

    Raises ServerUnavailable where the server is too old, or somebody else migrates for ever, and
    SchemaTooNew where a newer release has upgraded it.
    """
    with _connect(target) as connection:
        _refuse_newer(connection)
        version = connection.dialect.server_version_info or (0,)
        if version < OLDEST:
            raise ServerUnavailable(
                f"The database is PostgreSQL {version[0]}; at least {OLDEST[0]} is needed."
            )
        from alembic import command

        command.upgrade(_config(connection), revision)


def is_current(target: Engine | str | None = None) -> bool:
    """Return whether the database has every migration; SchemaTooNew where it has more of them."""
    with _connect(target) as connection:
        _refuse_newer(connection)
        return revisions(connection) == set(heads())


def revisions(connection: Connection) -> set[str]:
    """Return the newest revisions that a database has: none where it has no schema of ours."""
    return set(connection.scalars(_FOUND)) if connection.scalar(_HAS) else set()


def unknown_revision(found: set[str]) -> str:
    """Return which of a database's revisions is of no migration here, "" where all are."""
    return ", ".join(sorted(found - _known().keys()))


def _refuse_newer(connection: Connection) -> None:
    unknown = unknown_revision(revisions(connection))
    connection.rollback()
    if unknown:
        raise SchemaTooNew(unknown)


def heads() -> tuple[str, ...]:
    """Return the newest revisions of the code; more than one means that two were written apart."""
    known = _known()
    followed = {before for each in known.values() for before in each}
    return tuple(sorted(known.keys() - followed))


@cache
def _known() -> dict[str, list[str]]:
    """Return the migrations of the code, and which each comes after: {revision: revisions}.

    Read as text: every command asks whether the database is up to date, and importing Alembic and
    all migrations for that would be half of the time that it takes.
    """
    found: dict[str, list[str]] = {}
    for script in (_SCRIPTS / "versions").glob("*.py"):
        said = dict(_SAID.findall(script.read_text(encoding="utf-8")))
        (revision,) = _NAMED.findall(said["revision"])
        found[revision] = _NAMED.findall(said["down_revision"])
    return found


def write_migration(message: str, *, target: Engine | str | None = None) -> None:
    """Write a new migration from what the models have and the database lacks."""
    from alembic import command

    with _connect(target) as connection:
        command.revision(_config(connection), message=message, autogenerate=True)


@contextmanager
def _connect(target: Engine | str | None) -> Iterator[Connection]:
    if isinstance(target, Engine):
        with target.connect() as connection:
            yield connection
        return
    engine = make_engine(target, statement_timeout_ms=None, pool_size=1)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def main(arguments: list[str]) -> int:
    """Run `python -m db.migrate upgrade | check | new MESSAGE`; return the exit status."""
    try:
        return _run(arguments)
    except (StoreError, OperationalError) as error:
        sys.stderr.write(f"{getattr(error, 'orig', None) or error}\n")
        return 1


def _run(arguments: list[str]) -> int:
    match arguments:
        case ["upgrade"]:
            upgrade()
        case ["check"]:
            return 0 if is_current() else 1
        case ["new", message]:
            write_migration(message)
        case _:
            sys.stderr.write("usage: python -m db.migrate upgrade | check | new MESSAGE\n")
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
