"""The readers of a folder, of all tools that are known."""

from pathlib import Path

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import (
    Reader,
    StoredRun,
    dvclive,
    hugging_face,
    mlflow,
    mmengine,
    settings,
    swanlab,
    tables,
    tensorboard,
    trackio,
    wandb,
)
from deeptracker.conversion.readers.passed_over import passed_over
from deeptracker.conversion.told import joined, told

# Where two tell the same, the later one stands.
TOOLS = (
    settings, hugging_face, tables, dvclive, mmengine, wandb, trackio, swanlab, mlflow, tensorboard,
)  # fmt: skip


def find_readers(folder: Path, run: str | None = None) -> list[Reader]:
    """Return the readers of what a folder holds of one run, or of a file; LogError as of them."""
    said = told(folder)
    found = [
        reader
        for tool in TOOLS
        for reader in tool.find(folder, run)
        # A folder of several files leaves out those that do not belong itself (files_below).
        if reader.path.is_dir() or said.belongs(reader.path)
    ]
    # A file of settings alone is no run: many a folder has its config.json.
    return [] if all(isinstance(one, settings.SettingsReader) for one in found) else found


def stores(place: Path) -> list[list[StoredRun]]:
    """Return the runs that each tool which keeps several has at a place; LogError as of them."""
    return [tool.runs(place) for tool in TOOLS if hasattr(tool, "runs")]


def stored_runs(place: Path) -> list[StoredRun]:
    """Return the runs in the stores at a place, each once; none where there is no such store."""
    return list({run.id: run for runs in stores(place) for run in runs}.values())


def collect(folder: Path, run: str | None = None) -> Collected:
    """Return what a folder holds besides checkpoints; LogError where a file is damaged."""
    parts, said = [], told(folder)
    for reader in find_readers(folder, run) or settings.find(folder):
        part = reader.read()
        if not part.empty and not part.files:
            here = folder.parent if folder.is_file() else folder
            part.files.append(str(reader.path.relative_to(here)))
        parts.append((reader.path, part))
    whole = joined(said, parts)
    whole.notes += passed_over(folder)
    return whole
