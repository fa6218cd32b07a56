"""`deeptracker convert FOLDER RUN_DIR`: a training that was not recorded becomes a log."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deeptracker.errors import LogError
from deeptracker.extras import needed

with needed("record", "deeptracker convert"):
    from deeptracker.conversion.joining import convert

from deeptracker.conversion.predictions import find_predictions, read_predictions

_ABOUT = """Makes a log of what a training left: a series of checkpoints (safetensors, PyTorch,
Lightning, Hugging Face), the scalars beside them (CSV, JSON lines, trainer_state.json, TensorBoard)
and, if there is one, a table of predictions. The log is then loaded like any other."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the run directory and say what is in it; LogError where something cannot be used."""
    parser = argparse.ArgumentParser("deeptracker convert", description=_ABOUT)
    parser.add_argument("folder", type=Path, help="the folder that holds the checkpoints")
    parser.add_argument("run_dir", type=Path, help="the run directory to write; a new folder")
    parser.add_argument("--name", help="the name of the run; by default that of the folder")
    parser.add_argument(
        "--predictions",
        type=Path,
        metavar="TABLE",
        help="CSV or Parquet: iteration, image, label, prediction[, probability of the label]; by "
        "default the table with these columns in the folder",
    )
    parser.add_argument(
        "--filter-axis",
        type=int,
        default=0,
        help="the axis that counts output units: 0 as in PyTorch, -1 as in JAX and GPT-2",
    )
    parser.add_argument("--iterations-per-epoch", type=int, metavar="N")
    given = parser.parse_args(arguments)
    if not given.folder.is_dir():
        raise LogError(given.folder, "", "is no folder; name the one that holds the checkpoints")
    table = given.predictions or find_predictions(given.folder)
    done = convert(
        given.folder,
        given.run_dir,
        name=given.name,
        predictions=None if table is None else read_predictions(table),
        filter_axis=given.filter_axis,
        iterations_per_epoch=given.iterations_per_epoch,
        on_done=_tell if sys.stderr.isatty() else lambda done, total: None,
    )
    for remark in done.remarks:
        print(f"Note: {remark}", file=sys.stderr)
    images = f", {done.images:,} validation images" if done.images else ""
    print(
        f"{given.run_dir}: {done.snapshots:,} snapshots of {done.layers:,} layers, "
        f"{done.scalars:,} scalars{images}. Load it: deeptracker ingest {given.run_dir}"
    )


def _tell(done: int, total: int) -> None:
    print(f"\r{min(done + 1, total):,} of {total:,} checkpoints", end="", file=sys.stderr)
