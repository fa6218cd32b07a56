"""`deeptracker db`: the schema."""

import typer

from db import migrate

cli = typer.Typer(help="The database's schema.", no_args_is_help=True)


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
