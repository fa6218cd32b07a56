"""A whole run as one zip file, written by a process of its own and then sent piece by piece."""

import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sqlalchemy import Engine

from deeptracker.errors import DeepTrackerError

PIECE = 2**18
SECONDS = 240.0
# About a minute's work; what is larger takes the command.
MOST_VALUES = {"tensorboard": 2_000_000, "mlflow": 200_000, "parquet": 40_000_000}

_one = threading.Lock()


class ExportRefused(DeepTrackerError):  # noqa: N818 - the name that callers read
    """A run cannot be had as a zip file now; the text says what to do. `status` is HTTP's."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def command_of(run_id: int, form: str) -> str:
    """Return the command that exports a run, without limits."""
    return f"deeptracker export {run_id} --to {form} FOLDER"


def zipped(engine: Engine, run_id: int, form: str, *, values: int) -> IO[bytes]:
    """Return a temporary file with the zip of an export, at its beginning; it goes when closed.

    `values` is how many the export would write. Raises ExportRefused where they are too many, where
    another export is being written, and where this one failed.
    """
    command = command_of(run_id, form)
    if values > MOST_VALUES[form]:
        raise ExportRefused(
            f"This run has about {values:,} values, more than a download has "
            f"({MOST_VALUES[form]:,}). Run on the server: {command}",
            413,
        )
    if not _one.acquire(blocking=False):
        raise ExportRefused("Another export is being written; try again in a minute.", 503)
    try:
        with tempfile.TemporaryDirectory(prefix="deeptracker-export-") as folder:
            inside = Path(folder) / "run"
            _export(engine, run_id, form, inside)
            return _zip(inside)
    except OSError as error:
        raise ExportRefused(
            f"The server cannot write the file in {tempfile.gettempdir()} "
            f"({error.strerror or error}). Make room there, or run on the server: {command}",
            507,
        ) from error
    finally:
        _one.release()


def _export(engine: Engine, run_id: int, form: str, folder: Path) -> None:
    """Run the command in a process of its own: its memory and its libraries are its own, too."""
    command = [sys.executable, "-m", "app.cli", "export", str(run_id), "--to", form, str(folder)]
    url = engine.url.render_as_string(hide_password=False)
    try:
        done = subprocess.run(  # noqa: S603 - our own command; the form is one of a few
            command,
            env={**os.environ, "DATABASE_URL": url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise ExportRefused(
            f"The export took longer than {SECONDS:.0f} seconds. Run on the server: "
            f"{command_of(run_id, form)}",
            413,
        ) from error
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
        raise ExportRefused(last[0].removeprefix("Error: "), 409)


def _zip(folder: Path) -> IO[bytes]:
    file = tempfile.TemporaryFile(prefix="deeptracker-export-")  # noqa: SIM115 - the caller's
    try:
        # What is compressed already does not shrink again, and costs little to try.
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the file, and close it however the answer ends."""
    with file:
        while piece := file.read(PIECE):
            yield piece
