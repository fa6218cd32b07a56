"""`deeptracker report | export`: a run's report as one file, a run in the files of another tool."""

import shutil
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deeptracker.errors import DeepTrackerError


def report(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The id of the run.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write it.")
    ] = None,
) -> None:
    """Write the report of a run: one HTML file that is complete offline."""
    from app.binary import reading
    from app.cli.store import ready_engine
    from app.export.names import file_name
    from app.export.report import gather, render

    with ready_engine() as engine, reading(engine) as session:
        found = gather(session, run)
    path = output or Path(file_name(run, found.run.name, "report", ending="html"))
    path.write_text(render(found), encoding="utf-8")
    typer.echo(path)


class Form(StrEnum):
    """The tools in whose files a run can be had; app/export/whole writes them."""

    TENSORBOARD = "tensorboard"
    MLFLOW = "mlflow"
    PARQUET = "parquet"


def export(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The id of the run.")],
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A new folder, or one that is empty.")
    ],
    to: Annotated[Form, typer.Option("--to", help="In whose files.")],
) -> None:
    """Write a whole run as event files of TensorBoard, a store of MLflow, or Parquet."""
    from app.binary import reading
    from app.cli.store import ready_engine
    from app.export.whole import WRITERS, WholeRun

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DeepTrackerError(f"{folder} is there and not empty; name a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside it, and renamed when it is whole: nothing half-written is left.
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with ready_engine(statement_timeout_ms=None) as engine, reading(engine) as session:
            WRITERS[to](WholeRun(session, run), aside)
        aside.chmod(0o755)
        aside.replace(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    typer.echo(folder)
