"""What lies at a place, before it is loaded: of which tools, and what a run of it will have."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from deeptracker.conversion.below import runs_below
from deeptracker.conversion.checkpoints.kinds import stem
from deeptracker.conversion.collected import Collected
from deeptracker.conversion.predictions import COLUMNS
from deeptracker.conversion.readers import Reader, StoredRun, files_below
from deeptracker.conversion.readers.known import TOOLS, find_readers
from deeptracker.conversion.tag_layers import tag_layers
from deeptracker.conversion.told import joined, told
from deeptracker.errors import DeepTrackerError, LogError
from deeptracker.extras import needed
from deeptracker.format import MANIFEST, SNAPSHOTS
from ingest.locations import ObjectFolder, Place, StoredRunPlace, check_inside
from ingest.sources.opening import open_source

# Files that have more bytes together are not read to count what is in them; loading reads them all.
READ_BYTES = 64 * 2**20
MOST_CHOICES = 1_000
MOST_REFUSED = 20
RECORDED = "run directory of DeepTracker's Recorder"
# What a run may have, in the order in which a page lists it.
PARTS = (
    "scalars", "hyperparameters", "events", "layers", "filters", "weight", "gradient", "update",
    "activation", "predictions", "images",
)  # fmt: skip
_OF_CHECKPOINTS = ("layers", "filters", "weight")


@dataclass(frozen=True)
class Choice:
    """One of several runs at a place: where it is by itself, and its name."""

    location: str
    name: str


@dataclass(frozen=True)
class Refusal:
    """A file that cannot be used, and why."""

    file: str
    why: str


@dataclass(frozen=True)
class Recognised:
    """What lies at a place.

    `kinds` in words, none where nothing is known. `has` and `lacks` are of PARTS. Counts that were
    not taken, as of files that are large, are None: `series` are names of scalars, `values` their
    numbers, `iterations` the last one. `choices`: there are several runs, of which one has to be
    chosen before more is said.
    """

    name: str
    kinds: tuple[str, ...] = ()
    files: int = 0
    bytes: int = 0
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    series: int | None = None
    values: int | None = None
    iterations: int | None = None
    snapshots: int = 0
    checkpoints: int = 0
    images: int | None = None
    choices: tuple[Choice, ...] = ()
    refused: tuple[Refusal, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def recognise(place: Place, *, roots: Sequence[Place] | None = None) -> Recognised:
    """Return what lies at a place, without loading anything.

    `roots`, where given, are the only folders in which the files may really lie. Raises LogError
    where there is nothing at all, or too much; LocationRefused for what leads out of the roots.
    """
    if isinstance(place, ObjectFolder):
        return _recorded(place, Recognised(str(place).rpartition("/")[2]), roots)
    path, run = (place.path, place.run) if isinstance(place, StoredRunPlace) else (place, None)
    if not path.exists():
        raise LogError(path, "", "is not there")
    files = [path] if path.is_file() else list(files_below(path))
    found = Recognised(
        path.stem if path.is_file() else path.name,
        files=len(files),
        bytes=sum(one.stat().st_size for one in files),
    )
    if run is None and (path / MANIFEST).exists():
        return _recorded(path, found, roots)
    return _converted(path, run, files, found, roots)


def _recorded(place: Place, found: Recognised, roots: Sequence[Place] | None) -> Recognised:
    source = open_source(place, roots=roots)
    manifest = source.manifest()
    if manifest is None:
        return found
    has = {part for part in PARTS if part not in manifest.lacks}
    if not manifest.events:
        has.discard("events")
    if "predictions" not in has:
        has.discard("images")
    snapshots = 0
    if isinstance(place, Path) and (place / SNAPSHOTS).is_dir():
        snapshots = sum(1 for one in (place / SNAPSHOTS).iterdir() if one.suffix == ".safetensors")
    return replace(
        _with(found, has),
        name=manifest.name,
        kinds=(RECORDED,),
        snapshots=snapshots,
        images=len(manifest.images.class_id) or None,
    )


def _converted(
    path: Path,
    run: str | None,
    files: Sequence[Path],
    found: Recognised,
    roots: Sequence[Place] | None,
) -> Recognised:
    choices = _choices(path) if run is None else []
    if len(choices) > 1:
        return replace(found, choices=tuple(choices[:MOST_CHOICES]), kinds=_kinds_of_stores(path))
    refused: list[Refusal] = []
    readers = find_readers(path, run)
    if roots is not None:
        for reader in readers:
            check_inside(reader.path, roots=roots)
    sizes = {
        reader.path: sum(one.stat().st_size for one in files if one.is_relative_to(reader.path))
        for reader in readers
    }
    whole, all_read = _read(readers, sizes, path, refused)
    kinds, has = list(whole.kinds), set(_has(whole))
    may_be = any(map(_may_be_weights, files))
    checkpoints, nameless = _checkpoints(path, refused) if may_be else (0, 0)
    if checkpoints:
        kinds.append(f"{checkpoints:,} checkpoint{'' if checkpoints == 1 else 's'}")
    if nameless:
        many = "1 checkpoint" if nameless == 1 else f"{nameless:,} checkpoints"
        kinds.append(f"{many} whose iteration only the file may tell")
    if checkpoints or nameless:
        has |= set(_OF_CHECKPOINTS)
    if any(map(_has_predictions, files)):
        kinds.append("table of predictions")
        has |= {"predictions", "images"}
    if not all_read:
        kinds += [kind for kind in map(_tool, readers) if kind not in kinds]
        has.add("scalars")
    if not (kinds or refused) and (below := runs_below(path)):
        choices = [Choice(str(one), str(one.relative_to(path))) for one in below[:MOST_CHOICES]]
        return replace(found, choices=tuple(choices), kinds=("folders of runs",))
    at = [max(series) for series in whole.values.values() if series]
    return replace(
        _with(found, has),
        name=whole.name or found.name,
        kinds=tuple(kinds),
        series=len(whole.values) + len(whole.by_epoch) if all_read else None,
        values=whole.size if all_read else None,
        iterations=max(at) if at and all_read else None,
        checkpoints=checkpoints + nameless,
        refused=tuple(refused[:MOST_REFUSED]),
    )


def _with(found: Recognised, has: Iterable[str]) -> Recognised:
    there = set(has)
    return replace(
        found,
        has=tuple(part for part in PARTS if part in there),
        lacks=tuple(part for part in PARTS if part not in there),
    )


def _choices(path: Path) -> list[Choice]:
    """Return the runs at a path where there are several: of a store, or run directories.

    One run of each of two tools are of one training.
    """
    stored = [runs for _, runs in _stored(path)]
    if any(len(runs) > 1 for runs in stored):
        names = {run.id: run.name for runs in stored for run in runs}
        return [Choice(f"{path}#{id}", name or id) for id, name in names.items()]
    if stored or not path.is_dir():
        return []
    below = [one for one in sorted(path.iterdir()) if (one / MANIFEST).is_file()]
    return [Choice(str(one), one.name) for one in below if not one.is_symlink()]


def _kinds_of_stores(path: Path) -> tuple[str, ...]:
    stores = [_words(tool.__name__) for tool, _ in _stored(path)]
    return tuple(f"runs of {name}" for name in stores) or ("run directories",)


def _stored(path: Path) -> list[tuple[ModuleType, list[StoredRun]]]:
    found = [(tool, tool.runs(path)) for tool in TOOLS if hasattr(tool, "runs")]
    return [(tool, runs) for tool, runs in found if runs]


def _read(
    readers: Sequence[Reader], sizes: Mapping[Path, int], path: Path, refused: list[Refusal]
) -> tuple[Collected, bool]:
    """Return what small files hold, and whether these are all that there are."""
    parts, left, all_read = [], READ_BYTES, True
    for reader in sorted(readers, key=lambda one: sizes[one.path]):
        left -= sizes[reader.path]
        if left < 0:
            all_read = False
            break
        try:
            parts.append((reader.path, reader.read()))
        except DeepTrackerError as error:
            refused.append(_refusal(reader.path, path, error))
    return joined(told(path), parts), all_read


def _refusal(file: Path, path: Path, error: DeepTrackerError) -> Refusal:
    here = path.parent if path.is_file() else path
    shown = str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
    shown = path.name if shown == "." else shown
    return Refusal(shown, str(error).removeprefix(f"{file} ").removeprefix(f"{file}: "))


def _has(whole: Collected) -> Iterable[str]:
    if whole.size:
        yield "scalars"
    if whole.hyperparameters:
        yield "hyperparameters"
    if whole.texts:
        yield "events"
    if (made := tag_layers(whole.histograms)) is not None:
        yield "layers"
        yield from made.quantities


def _checkpoints(path: Path, refused: list[Refusal]) -> tuple[int, int]:
    """Return how many checkpoints there are whose names tell an iteration, and how many others."""
    if not path.is_dir():
        return 0, 0
    try:
        with needed("record", "a series of checkpoints"):
            from deeptracker.conversion.checkpoints.finding import find_checkpoints
        found = find_checkpoints(path)
    except DeepTrackerError as error:
        refused.append(Refusal(path.name, str(error)))
        return 0, 0
    return len(found.checkpoints), len(found.unnumbered)


def _may_be_weights(path: Path) -> bool:
    # Those of a folder of torch's distributed checkpoints, and of Orbax.
    return stem(path) is not None or path.name in (".metadata", "_CHECKPOINT_METADATA")


def _has_predictions(path: Path) -> bool:
    """Return whether a file is a table of predictions, by its columns."""
    try:
        if path.suffix.lower() == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                head = next(csv.reader([file.readline(65_536)]), [])
            return set(COLUMNS) <= {name.strip() for name in head}
        if path.suffix.lower() == ".parquet":
            import pyarrow.parquet

            return set(COLUMNS) <= set(pyarrow.parquet.read_schema(path).names)
    except (OSError, ValueError, csv.Error):
        pass
    return False


def _tool(reader: Reader) -> str:
    return _words(type(reader).__module__)


def _words(module: str) -> str:
    """Return what people call the tool that a module of the readers is about."""
    name = module.rpartition(".")[2]
    known = {
        "tensorboard": "TensorBoard",
        "tables": "tables",
        "hugging_face": "Hugging Face's Trainer",
        "mlflow": "MLflow",
        "mlflow_sql": "MLflow",
        "mlflow_files": "MLflow",
        "parquet": "Parquet",
        "wandb": "W&B",
        "trackio": "Trackio",
        "dvclive": "DVCLive",
        "mmengine": "MMEngine",
        "swanlab": "SwanLab",
    }
    return known.get(name, name)
