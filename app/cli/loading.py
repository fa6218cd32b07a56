"""`deeptracker ingest`: load a log now, by hand, with a progress bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID
    from sqlalchemy import Engine

    from ingest.report import LoadReport, Progress

SOME_UNUSABLE = 3
# How often a load begins again, and how long it waits for the database.
LOST_CONNECTIONS = 20
AWAY_SECONDS = 120.0


def ingest(
    path: Annotated[
        str,
        typer.Argument(
            help="The run directory that a Recorder writes, s3://bucket/folder, or what another "
            "tool left: a folder or file with event files, tables, checkpoints, a tracker's store."
        ),
    ],
    run: Annotated[
        str | None, typer.Option(metavar="ID", help="Which of the runs in a tracker's store.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until the training is over.")
    ] = False,
    owner: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="The account that the run belongs to.")
    ] = None,
) -> None:
    """Load a log; again changes nothing. Exit status 3: loaded, but some snapshots are unusable."""
    from rich.console import Console

    from app.cli.after_load import after_load
    from app.cli.store import ready_engine
    from db.engine import session_scope
    from db.queries.runs import runs
    from db.queries.team import accounts
    from ingest.pipeline import load_log

    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    with ready_engine(statement_timeout_ms=None) as engine:
        owner_id = None
        if owner is not None:
            with session_scope(engine) as session:
                owner_id = accounts.find_by_email(session, email=owner).id
        with _bar(console) as (bar, task):

            def on_progress(progress: "Progress") -> None:
                bar.update(
                    task,
                    completed=progress.done,
                    total=progress.total,
                    speed=f"{progress.rate:,.0f}/s" if progress.rate else "",
                )

            def on_line(line: str) -> None:
                bar.console.print(line, soft_wrap=True)

            report = _outliving(
                engine,
                on_line,
                lambda: load_log(
                    engine,
                    path if run is None else f"{path}#{run}",
                    follow=follow,
                    on_progress=on_progress,
                    on_line=on_line,
                    owner_id=owner_id,
                    on_loaded=after_load,
                ),
            )
        with session_scope(engine) as session:
            name = runs.get_run(session, run_id=report.run_id).name
    typer.echo(f"{name}: {_summary(report)}")
    if report.bad:
        raise typer.Exit(SOME_UNUSABLE)


def _outliving(
    engine: "Engine", on_line: Callable[[str], None], load: Callable[[], "LoadReport"]
) -> "LoadReport":
    """Load, and begin again where the database goes away meanwhile: what is loaded stays so."""
    from sqlalchemy.exc import OperationalError

    from db.away import is_unreachable
    from db.engine import wait_for_server

    for _ in range(LOST_CONNECTIONS):
        try:
            return load()
        except OperationalError as error:
            if not is_unreachable(error):
                raise
            on_line("The database is not available; loading continues when it answers.")
            if not wait_for_server(engine, seconds=AWAY_SECONDS):
                raise
    return load()


@contextmanager
def _bar(console: "Console") -> Iterator[tuple["Bar", "TaskID"]]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        yield bar, bar.add_task("Loading", total=None, speed="")


def _summary(report: "LoadReport") -> str:
    parts = [
        f"{len(report.new):,} new",
        f"{len(report.replaced):,} replaced" if report.replaced else "",
        f"{report.unchanged:,} unchanged" if report.unchanged else "",
        f"{len(report.bad):,} unusable" if report.bad else "",
        f"{len(report.gaps):,} missing" if report.gaps else "",
    ]
    listed = ", ".join(part for part in parts if part)
    return f"{listed} snapshots in {report.seconds:.1f} s (run {report.run_id}, {report.ended})"
