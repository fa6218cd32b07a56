"""`deeptracker report | export`: a run's report as one file, a run in the files of another tool."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deeptracker import lifeline
from deeptracker.errors import DeepTrackerError
from deeptracker.format import atomic_write


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
    _write(path, render(found).encode())
    typer.echo(path)


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; what is no file, such as /dev/stdout, is written as it is.

    Raises DeepTrackerError.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            atomic_write(path.resolve(), data)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> DeepTrackerError:
    # The system's own words: those of libraries may be longer.
    why = os.strerror(error.errno) if error.errno else error
    return DeepTrackerError(f"{path} cannot be written ({why}). Choose another place.")


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """Yield a folder beside another one, which takes its place when the block ends well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".deeptracker-", dir=folder.parent))

    def drop() -> None:
        shutil.rmtree(aside, ignore_errors=True)

    try:
        with lifeline.tidied(drop):
            yield aside
            aside.chmod(0o755)
            aside.replace(folder)
    finally:
        drop()


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
    with ready_engine(statement_timeout_ms=None) as engine, reading(engine) as session:
        whole = WholeRun(session, run)
        try:
            with _aside(folder) as aside:
                WRITERS[to](whole, aside)
        except OSError as error:
            raise _unwritable(folder, error) from error
    typer.echo(folder)
