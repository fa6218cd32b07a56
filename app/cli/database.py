"""`deeptracker db`: the schema, its layout, backup and restore."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

cli = typer.Typer(
    help="The database: its schema and layout, backup and restore.", no_args_is_help=True
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file of the backup.")]


@cli.command()
def upgrade() -> None:
    """Bring the database up to date; changes nothing where it is."""
    from db import migrate

    migrate.upgrade()
    typer.echo("The database is up to date.")


@cli.command()
def check() -> None:
    """Say whether the database is up to date and how it is laid out; exit status 1 if wrong."""
    from db import migrate
    from db.layout_check import layout_words, problems

    if not migrate.is_current():
        typer.echo("The database is not up to date. Run: deeptracker db upgrade", err=True)
        raise typer.Exit(1)
    typer.echo("The database is up to date.")
    with _engine() as engine, engine.connect() as connection:
        typer.echo(layout_words(connection))
        found = problems(connection)
    for problem in found:
        typer.echo(problem, err=True)
    if found:
        raise typer.Exit(1)


@cli.command()
def distribute(
    plain: Annotated[
        bool, typer.Option("--plain", help="The same tables on one server, without Citus.")
    ] = False,
    shards: Annotated[
        int | None,
        typer.Option(min=1, max=4096, help="Into how many parts runs are spread; 32 by default."),
    ] = None,
) -> None:
    """Spread the large tables over the nodes of a Citus cluster; resumes where it was interrupted.

    Stop the workers first. The largest table needs room twice until it is done.
    """
    from db import migrate
    from db.distribute import SHARDS
    from db.distribute import distribute as convert

    if not migrate.is_current():
        typer.echo("The database is not up to date. Run: deeptracker db upgrade", err=True)
        raise typer.Exit(1)
    with _engine() as engine:
        convert(engine, plain=plain, shards=shards or SHARDS, on_line=typer.echo)


@contextmanager
def _engine() -> Iterator["Engine"]:
    from db.engine import make_engine

    engine = make_engine(statement_timeout_ms=None, pool_size=1)
    try:
        yield engine
    finally:
        engine.dispose()


@cli.command()
def backup(file: File) -> None:
    """Write the whole database to a new file, while others use it."""
    from db.backup import back_up

    size = back_up(file)
    typer.echo(f"Wrote {file} ({size / 1e6:,.1f} MB). It holds password hashes: keep it closed.")


@cli.command()
def restore(file: File) -> None:
    """Fill an empty database from the file of a backup: all of it, or nothing."""
    from db import migrate
    from db.backup import restore as fill

    fill(file, on_line=typer.echo)
    typer.echo(f"Restored {file}. Everybody has to log in again.")
    if not migrate.is_current():
        typer.echo("It is of an older version. Run: deeptracker db upgrade")
