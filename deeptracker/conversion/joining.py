"""Checkpoints, scalars and predictions joined into one run, as a Recorder would have written it."""

import json
import math
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from deeptracker.array_layers import Form
from deeptracker.array_recorder import ArrayRecorder
from deeptracker.conversion.checkpoints.finding import nothing_numbered
from deeptracker.conversion.checkpoints.reading import (
    Checkpoint,
    Contents,
    contents_of,
    find_checkpoints,
    look_ahead,
)
from deeptracker.conversion.clock import by_iteration
from deeptracker.conversion.clock import placed as places_of
from deeptracker.conversion.collected import Collected
from deeptracker.conversion.memory import give_back
from deeptracker.conversion.predictions import Predictions
from deeptracker.conversion.readers.known import collect
from deeptracker.conversion.scalar_run import Converted, settings_of
from deeptracker.conversion.told import told
from deeptracker.conversion.undone import undone_if_it_fails
from deeptracker.errors import LogError, RecordingError

OnDone = Callable[[int, int], None]


def convert(
    source: Path,
    run_dir: Path,
    *,
    name: str | None = None,
    predictions: Predictions | None = None,
    filter_axis: int = 0,
    iterations_per_epoch: int | None = None,
    on_done: OnDone = lambda done, total: None,
) -> Converted:
    """Write a run directory of what the folder `source` holds.

    A snapshot for each checkpoint, without gradients; where two follow each other directly, with
    the update between them. `filter_axis` is the axis of output units. Raises LogError where a file
    cannot be used, or there is no checkpoint, and RecordingError where `run_dir` is taken; what
    was written until then is taken away again.
    """
    found = find_checkpoints(source)
    if not found.checkpoints:
        raise LogError(source, "", _nothing(found.unnumbered))
    scalars = collect(source)
    per_epoch = iterations_per_epoch or scalars.iterations_per_epoch
    placed = places_of(found.checkpoints, per_epoch, told(source))
    said = [*scalars.notes]
    said += [f"{one} has no iteration in its name" for one in found.unnumbered]
    said += found.remarks
    if placed.pop(0, None) is not None:
        said.append("the checkpoint of iteration 0 is left out: iterations count from 1")
    if not placed:
        raise LogError(source, "", "has no checkpoint after iteration 0")
    epochs = found.checkpoints[0].by_epoch
    rows = _rows(scalars, per_epoch or (1 if epochs else None), said)
    with undone_if_it_fails(run_dir):
        return _written(
            source, run_dir, placed, rows, said, predictions,
            name=name or scalars.name or source.resolve().name, filter_axis=filter_axis,
            per_epoch=per_epoch, settings=settings_of(scalars, {}), on_done=on_done,
        )  # fmt: skip


def _nothing(unnumbered: tuple[str, ...]) -> str:
    if unnumbered:
        return nothing_numbered(map(Path, unnumbered))
    return (
        "holds no checkpoint: a run needs the weights of at least one iteration, as files "
        "(.safetensors, .pt, .pth, .ckpt, .bin, .keras, .h5) or as folders such as checkpoint-500"
    )


def _rows(
    scalars: Collected, per_epoch: int | None, said: list[str]
) -> dict[int, dict[str, float]]:
    """Return the values by iteration; what has no place among them is said."""
    found, unplaced = by_iteration(scalars, per_epoch)
    rows: dict[int, dict[str, float]] = {}
    for name, series in found.items():
        for at, value in series.items():
            rows.setdefault(max(at, 1), {})[name] = value
    if unplaced:
        said.append(
            "values by epoch are left out: how many iterations an epoch has is not known; say "
            "--iterations-per-epoch, or epoch in [clock] of deeptracker.toml"
        )
    if scalars.histograms:
        said.append(f"histograms of {len(scalars.histograms):,} tags are left out")
    said += [f"left out, {_times(times)}: {why}" for why, times in scalars.dropped.items()]
    return rows


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _written(
    source: Path,
    run_dir: Path,
    placed: Mapping[int, Checkpoint],
    rows: Mapping[int, Mapping[str, float]],
    said: list[str],
    predictions: Predictions | None,
    *,
    name: str,
    filter_axis: int,
    per_epoch: int | None,
    settings: dict[str, Any],
    on_done: OnDone,
) -> Converted:
    first = contents_of(placed[min(placed)])
    shapes = {name: array.shape for name, array in first.arrays.items()}
    ahead = {min(placed): first}  # read already; nothing else may hold it, for what it takes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # they are in the run, and in `said`
        with recorder_of(
            source, run_dir, first, placed, predictions, name=name,
            hyperparameters={**first.facts.hyperparameters, **settings}, every=math.gcd(*placed),
            filter_axis=filter_axis, per_epoch=per_epoch,
        ) as recorder:  # fmt: skip
            del first
            recorder.event(f"converted from {source.resolve().name}")
            for done, (at, values) in enumerate(sorted(_steps(placed, rows).items())):
                recorder.passed(at - recorder.iteration - 1)
                if at not in placed:
                    recorder.passed(1)
                    recorder.log(values)
                    continue
                if predictions is not None and at in predictions.prediction:
                    recorder.validated(predictions.prediction[at], predictions.probability[at])
                if placed[at].by_epoch:
                    recorder.apart()
                contents = ahead.pop(at, None) or _of_network(shapes, placed, at)
                if later := [next_at for next_at in placed if next_at > at]:
                    look_ahead(placed[min(later)])
                recorder.step(contents.arrays, values)
                said += [text for text in contents.facts.remarks if text not in said]
                del contents
                give_back()
                on_done(done, len(placed))
            said += _unused(placed, predictions)
            for text in said:
                recorder.remark("conversion", text, f"converted: {text}")
            layers = len(recorder.manifest.layers)
    images = 0 if predictions is None else len(predictions.images)
    names = {name for values in rows.values() for name in values}
    return Converted(len(placed), layers, len(names), images, tuple(said))


def recorder_of(
    source: Path,
    run_dir: Path,
    first: Contents,
    placed: Mapping[int, Checkpoint],
    predictions: Predictions | None,
    *,
    name: str,
    every: int,
    filter_axis: int,
    per_epoch: int | None,
    hyperparameters: Mapping[str, Any] | None = None,
) -> ArrayRecorder:
    """Return a recorder of the checkpoints `placed`, of which `first` is the first one.

    It holds their arrays and copies none: nobody may change one. The axis that a file itself says
    comes before `filter_axis`.
    """
    if not any(array.ndim > 1 for array in first.arrays.values()):
        raise LogError(
            placed[min(placed)].name,
            "",
            ". ".join(["holds no weights of two axes or more to record", *first.facts.remarks]),
        )
    known_axis = first.facts.filter_axis
    validated = {} if predictions is None else _validation(predictions)
    return ArrayRecorder(
        run_dir, first.arrays, filter_axis=filter_axis if known_axis is None else known_axis,
        forms=_forms(first.arrays), name=name, hyperparameters=hyperparameters,
        model_name=_model(source) or "", every=every, iterations_per_epoch=per_epoch,
        gradients=False, updates=_follow(placed), machine=False, lent=True, rank=0, **validated,
    )  # fmt: skip


def _follow(placed: Mapping[int, Checkpoint]) -> bool:
    """Say whether the checkpoints are one iteration apart, so that the updates are known.

    Those of epochs are not, even where nothing is known but that an epoch is an iteration here.
    """
    if any(one.by_epoch for one in placed.values()):
        return False
    return len(placed) > 1 and max(placed) - min(placed) == len(placed) - 1


def _steps(
    placed: Mapping[int, Checkpoint], rows: Mapping[int, Mapping[str, float]]
) -> dict[int, Mapping[str, float]]:
    return {at: rows.get(at, {}) for at in {*placed, *rows}}


def _validation(predictions: Predictions) -> dict[str, Any]:
    """Return the validation set as a Recorder takes it."""
    return {
        "labels": predictions.labels,
        "classes": predictions.classes,
        "image_names": predictions.images,
    }


def _unused(placed: Mapping[int, Checkpoint], predictions: Predictions | None) -> list[str]:
    if predictions is None:
        return []
    unused = sorted(set(predictions.prediction) - set(placed))
    if not unused:
        return []
    many = f"{len(unused):,} iterations" if len(unused) > 1 else "an iteration"
    return [f"predictions of {many} without a checkpoint, from {unused[0]:,} on, are left out"]


def _of_network(
    shapes: Mapping[str, tuple[int, ...]], placed: Mapping[int, Checkpoint], at: int
) -> Contents:
    """Return the checkpoint of an iteration, which shares some arrays with the first one.

    Raises RecordingError where it is of another network.
    """
    found = contents_of(placed[at])
    check_network(shapes, found, name=placed[at].name, first=placed[min(placed)].name)
    return found


def check_network(
    shapes: Mapping[str, tuple[int, ...]], found: Contents, *, name: str, first: str
) -> None:
    """Raise RecordingError where a checkpoint shares no array with the first one."""
    if not any(shapes.get(name) == array.shape for name, array in found.arrays.items()):
        raise RecordingError(
            f"{name} is of another network than {first}; put the checkpoints of one training into "
            "one folder"
        )


def _forms(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Form]:
    """Return what the shapes say of layers in the layout of PyTorch: [filters, inputs, *kernel]."""
    return {
        name: Form("Conv" if array.ndim > 2 else "Linear", array.shape[1], array.shape[2:])
        for name, array in arrays.items()
        if array.ndim > 1
    }


def _model(source: Path) -> str | None:
    """Return what Hugging Face's configuration calls the network, None where there is none."""
    for path in sorted((*source.glob("config.json"), *source.glob("*/config.json"))):
        try:
            found = json.loads(path.read_text("utf-8"))
            return str((found.get("architectures") or [found["model_type"]])[0])[:200]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
            continue
    return None
