"""Weights & Biases: the files of runs that were offline, read without its package."""

from pathlib import Path

from deeptracker.conversion.readers import Reader, StoredRun, files_below
from deeptracker.conversion.readers.framing import RecordFile
from deeptracker.conversion.readers.wandb_history import (
    NAME,
    RUN,
    RUN_ID,
    TOOL,
    VERSIONS,
    HistoryReader,
)
from deeptracker.conversion.readers.wire import fields, part, text
from deeptracker.errors import LogError


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return the readers of a run: one a file, in the order of its starts.

    LogError where there are several runs and none is named.
    """
    found = _by_run(folder)
    if run is None and len(found) > 1:
        raise LogError(
            folder, "", f"holds {len(found):,} runs of W&B; name one of them: {', '.join(found)}"
        )
    if run is not None:
        found = {run: found[run]} if run in found else {}
    readers: list[Reader] = []
    for files in found.values():
        before: HistoryReader | None = None
        for path in files:
            before = HistoryReader(path, before)
            readers.append(before)
    return readers


def runs(folder: Path) -> list[StoredRun]:
    """Return the runs in a folder and below: W&B's ids, and the names that people gave."""
    return [
        StoredRun(id, next((name for path in files if (name := _head(path)[1])), id))
        for id, files in _by_run(folder).items()
    ]


def _by_run(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each run by its id; a run that was resumed has several."""
    files = [folder] if folder.is_file() else files_below(folder)
    found: dict[str, list[Path]] = {}
    for path in files:
        if (folder == path or path.suffix == ".wandb") and _is_ours(path):
            found.setdefault(_head(path)[0], []).append(path)
    return found


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(TOOL)) == TOOL
    except OSError:
        return False


def _head(path: Path) -> tuple[str, str]:
    """Return id and name of the run of a file, which is also in the name of a young file."""
    try:
        for record in RecordFile(path, TOOL, VERSIONS).records():
            for number, value in fields(record):
                if number == RUN:
                    run = dict(fields(part(value)))
                    return text(run[RUN_ID]), text(run.get(NAME, b""))
    except (OSError, ValueError, KeyError, LogError):
        pass
    return path.stem.removeprefix("run-"), ""
