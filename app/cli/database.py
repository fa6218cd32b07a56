"""`deeptracker db`: the schema, backup and restore."""

from pathlib import Path
from typing import Annotated

import typer

from db import backup as backups
from db import migrate

cli = typer.Typer(help="The database: its schema, backup and restore.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file of the backup.")]


@cli.command()
def upgrade() -> None:
    """Bring the database up to date; changes nothing where it is."""
    migrate.upgrade()
    typer.echo("The database is up to date.")


@cli.command()
def check() -> None:
    """Say whether the database is up to date; exit status 1 where not."""
    if not migrate.is_current():
        typer.echo("The database is not up to date. Run: deeptracker db upgrade", err=True)
        raise typer.Exit(1)
    typer.echo("The database is up to date.")


@cli.command()
def backup(file: File) -> None:
    """Write the whole database to a new file, while others use it."""
    size = backups.back_up(file)
    typer.echo(f"Wrote {file} ({size / 1e6:,.1f} MB). It holds password hashes: keep it closed.")


@cli.command()
def restore(file: File) -> None:
    """Fill an empty database from the file of a backup: all of it, or nothing."""
    backups.restore(file)
    typer.echo(f"Restored {file}. Everybody has to log in again.")
    if not migrate.is_current():
        typer.echo("It is of an older version. Run: deeptracker db upgrade")
