"""`deeptracker report`: a run's report as one file."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.store import ready_engine


def report(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The id of the run.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write it.")
    ] = None,
) -> None:
    """Write the report of a run: one HTML file that is complete offline."""
    # What draws it takes a second to import: no other command should wait for it.
    from app.binary import reading
    from app.export.names import file_name
    from app.export.report import gather, render

    with ready_engine() as engine, reading(engine) as session:
        found = gather(session, run)
    path = output or Path(file_name(run, found.run.name, "report", ending="html"))
    path.write_text(render(found), encoding="utf-8")
    typer.echo(path)
