"""`deeptracker convert FOLDER RUN_DIR`: a training that was not recorded becomes a log."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deeptracker.conversion.checkpoints.finding import find_checkpoints
from deeptracker.conversion.predictions import find_predictions, read_predictions
from deeptracker.conversion.scalar_run import Converted, convert_scalars
from deeptracker.errors import LogError
from deeptracker.extras import needed
from deeptracker.format import MANIFEST

_ABOUT = """Makes a log of what a training left: a series of checkpoints (safetensors, PyTorch,
Lightning, Keras, Hugging Face), the scalars of other tools (CSV, JSON lines, trainer_state.json,
TensorBoard), beside them or alone, and, if there is one, a table of predictions. The log is then
loaded like any other. Checkpoints need PyTorch, scalars alone do not."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the run directory and say what is in it; LogError where something cannot be used."""
    parser = argparse.ArgumentParser("deeptracker convert", description=_ABOUT)
    parser.add_argument("folder", type=Path, help="the folder of the training")
    parser.add_argument("run_dir", type=Path, help="the run directory to write; a new folder")
    parser.add_argument("--name", help="the name of the run; by default that of the folder")
    parser.add_argument(
        "--predictions",
        type=Path,
        metavar="TABLE",
        help="CSV or Parquet: iteration, image, label, prediction[, probability of the label]; by "
        "default the table in the folder that has these columns",
    )
    parser.add_argument(
        "--filter-axis",
        type=int,
        default=0,
        help="the axis that counts output units: 0 as in PyTorch, -1 as in JAX and GPT-2",
    )
    parser.add_argument("--iterations-per-epoch", type=int, metavar="N")
    parser.add_argument("--run", metavar="ID", help="which of the runs that a store holds")
    given = parser.parse_args(arguments)
    if not given.folder.exists():
        raise LogError(given.folder, "", "is not there; name the folder of the training")
    if (given.folder / MANIFEST).exists():
        raise LogError(
            given.folder, "", "is a log of DeepTracker already; load it: deeptracker ingest"
        )
    done = _converted(given)
    for remark in done.remarks:
        print(f"Note: {remark}", file=sys.stderr)
    images = f", {done.images:,} validation images" if done.images else ""
    layers = f" of {done.layers:,} layers" if done.layers else ""
    print(
        f"{given.run_dir}: {done.snapshots:,} snapshots{layers}, "
        f"{done.scalars:,} scalars{images}. Load it: deeptracker ingest {given.run_dir}"
    )


def _converted(given: argparse.Namespace) -> Converted:
    found = find_checkpoints(given.folder) if given.folder.is_dir() and not given.run else None
    checkpoints = found is not None and bool(found.checkpoints or found.unnumbered)
    table = given.predictions or (find_predictions(given.folder) if checkpoints else None)
    predictions = None if table is None else read_predictions(table)
    if not (predictions or checkpoints):
        return convert_scalars(
            given.folder,
            given.run_dir,
            run=given.run,
            name=given.name,
            iterations_per_epoch=given.iterations_per_epoch,
        )
    with needed("record", "the conversion of checkpoints"):
        from deeptracker.conversion.joining import convert
    return convert(
        given.folder,
        given.run_dir,
        name=given.name,
        predictions=predictions,
        filter_axis=given.filter_axis,
        iterations_per_epoch=given.iterations_per_epoch,
        on_done=_tell if sys.stderr.isatty() else lambda done, total: None,
    )


def _tell(done: int, total: int) -> None:
    print(f"\r{min(done + 1, total):,} of {total:,} checkpoints", end="", file=sys.stderr)
