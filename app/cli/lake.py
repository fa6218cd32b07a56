"""`deeptracker lake sync | query`: the runs as Parquet files, and questions to them."""

from importlib import import_module
from typing import Annotated

import typer

from app.cli.doors import PASSED_ON
from deeptracker.command import DOORS
from deeptracker.errors import DeepTrackerError

cli = typer.Typer(
    help="All runs as Parquet files, and questions to them in SQL.", no_args_is_help=True
)


@cli.command()
def sync(
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over", help="Also where it is another database's, as after a restored backup."
        ),
    ] = False,
) -> None:
    """Write what is missing or stale in the lake, and remove the runs that are gone."""
    from app.cli.store import ready_engine
    from ingest.lake.keeping import Lake
    from ingest.lake.settings import LakeSettings

    place = LakeSettings().place()
    if place is None:
        raise DeepTrackerError("Set DEEPTRACKER_LAKE to a folder, or to s3://bucket/folder.")
    with ready_engine(statement_timeout_ms=None) as engine:
        done = Lake(engine, place).sync(take_over=take_over)
    said = [
        f"{done.written:,} runs written",
        f"{done.current:,} were up to date",
        f"{done.removed:,} removed",
    ]
    if done.loading:
        said.append(f"{done.loading:,} are being loaded, and written at the end of that")
    typer.echo(f"{place}: {', '.join(said)}.")
    if done.failed:
        raise DeepTrackerError(f"{done.failed:,} runs could not be written: see above.")


@cli.command(context_settings=PASSED_ON)
def query(context: typer.Context) -> None:
    """Answer a question in SQL about all runs, from the lake alone."""
    import_module(DOORS["lake query"]).main(context.args)
