"""A run without checkpoints: its manifest, and the run directory of it, by numpy alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from deeptracker.conversion.below import said_below
from deeptracker.conversion.collected import Collected
from deeptracker.conversion.course import Course, course_of
from deeptracker.conversion.predictions import Predictions
from deeptracker.conversion.readers.known import collect
from deeptracker.conversion.undone import undone_if_it_fails
from deeptracker.errors import LogError, RecordingError
from deeptracker.format import (
    MANIFEST,
    QUANTITIES,
    SNAPSHOTS,
    Contents,
    Dropped,
    Event,
    Generation,
    Images,
    Manifest,
    Origin,
    Sampling,
    manifest_bytes,
    parse_manifest,
    snapshot_path,
    write_manifest,
    write_snapshot,
)
from deeptracker.format.entries import MAX_NAME, MAX_PLAIN_VALUES, MAX_TIME, fit_text
from deeptracker.format.manifest_course import MAX_DROPPED, MAX_EVENTS, MAX_FILES


@dataclass(frozen=True)
class Converted:
    """What became of a folder; `remarks` say what was not taken, and what is doubtful."""

    snapshots: int
    layers: int
    scalars: int
    images: int
    remarks: tuple[str, ...]


# Such a run has no statistics of layers but those of histograms.
_CONTENTS = Contents(quantities=(), optional=(), filters=(), capabilities=("scalars",))


def manifest_of(
    collected: Collected,
    course: Course,
    *,
    run: str,
    name: str,
    path: str,
    created_at: float,
    ended_at: float | None = None,
    state: str = "complete",
) -> Manifest:
    """Return the manifest of a run of scalars, as a reader takes it.

    `run`: its UUID as 32 digits; `name`, `path`: of the files; times in seconds since 1970, for
    what the files do not say themselves.
    """
    known = [at for at in course.times[1].tolist() if 0 <= at <= MAX_TIME]
    began = min(known, default=created_at)
    dropped = dict(collected.dropped)
    for reason, times in course.dropped.items():
        dropped[reason] = dropped.get(reason, 0) + times
    settings = settings_of(collected, dropped)
    events = _events(collected, dropped, began)
    manifest = Manifest(
        run=run,
        name=fit_name(collected.name or name),
        model="",
        dataset="",
        created_at=began,
        layers=() if course.layers is None else course.layers.specs,
        hyperparameters=settings,
        sampling=Sampling(iterations_per_epoch=course.per_epoch),
        state=state,
        ended_at=max([*known, began]) if known and ended_at is not None else ended_at,
        events=events,
        generations=(Generation(0, began),),
        place=fit_text(path),
        origin=origin_of(collected, dropped, path=path, notes=course.notes),
        contents=replace(_CONTENTS, **_contents(course)),
        **_validated(course.predictions),
    )
    # As if it had been written and read: with the very checks of a log.
    at = Path(path) / MANIFEST
    return parse_manifest(at, manifest_bytes(at, manifest))


def _contents(course: Course) -> dict[str, Any]:
    """Return what the snapshots hold beside scalars."""
    has: tuple[str, ...] = _CONTENTS.capabilities
    quantities: tuple[str, ...] = ()
    if course.layers is not None:
        has += ("layers", *course.layers.quantities, "histogram")
        quantities = QUANTITIES
    if course.predictions is not None:
        has += ("validation",)
    return {"quantities": quantities, "capabilities": has}


def _validated(predictions: Predictions | None) -> dict[str, Any]:
    """Return what a manifest says of the images that were predicted."""
    if predictions is None:
        return {}
    return {
        "classes": tuple(map(fit_name, predictions.classes)),
        "images": Images(
            predictions.labels.astype(np.int32), tuple(map(fit_name, predictions.images))
        ),
    }


def origin_of(
    collected: Collected, dropped: Mapping[str, int], *, path: str, notes: tuple[str, ...] = ()
) -> Origin:
    """Return what is said of where the run comes from."""
    files = [fit_text(name) for name in dict.fromkeys(collected.files)]
    return Origin(
        kinds=tuple(map(fit_name, collected.kinds)),
        path=fit_text(path),
        files=tuple(files[:MAX_FILES]),
        importer=version("deeptracker"),
        dropped=tuple(
            Dropped(fit_text(reason), times)
            for reason, times in list(dropped.items())[:MAX_DROPPED]
            if times > 0
        ),
        notes=tuple(map(fit_text, notes[:MAX_DROPPED])),
    )


def fit_name(text: str) -> str:
    """Return a text as a name of the format."""
    return fit_text(text[:MAX_NAME]).replace("..", "\u2026")


def settings_of(collected: Collected, dropped: dict[str, int]) -> dict[str, Any]:
    """Return the hyperparameters without nesting, those within others as "outer.inner"."""
    found: dict[str, Any] = {}
    number = 0
    for name, value in _flat("", collected.hyperparameters):
        size = len(value) if isinstance(value, (list, tuple)) else 1
        if number + max(size, 1) > MAX_PLAIN_VALUES - 100:
            dropped["a hyperparameter beyond the first 10,000 values"] = (
                dropped.get("a hyperparameter beyond the first 10,000 values", 0) + 1
            )
            continue
        number += max(size, 1)
        found[name] = value
    if collected.tags:
        found.setdefault("tags", list(collected.tags[:100]))
    return found


def _flat(prefix: str, value: object) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping) and (value or not prefix):
        pairs = []
        for name, part in value.items():
            pairs += _flat(f"{prefix}.{name}" if prefix else str(name), part)
        return pairs
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return [(prefix, value)]


def _events(collected: Collected, dropped: dict[str, int], began: float) -> tuple[Event, ...]:
    """Return the texts as marks; when one was set is taken from its iteration, where known."""
    found = [
        Event(at, min(max(collected.times.get(at, began), 0.0), float(MAX_TIME)), fit_text(text))
        for at in sorted(collected.texts)
        for text in collected.texts[at]
        if 0 <= at < 2**31
    ]
    total = sum(map(len, collected.texts.values()))
    if total > len(found[:MAX_EVENTS]):
        why = f"a text beyond the first {MAX_EVENTS:,}, or at an impossible iteration"
        dropped[why] = total - len(found[:MAX_EVENTS])
    return tuple(found[:MAX_EVENTS])


def convert_scalars(
    source: Path,
    run_dir: Path,
    *,
    run: str | None = None,
    name: str | None = None,
    iterations_per_epoch: int | None = None,
) -> Converted:
    """Write a run directory of the scalars that a folder or file holds; `run`: one of a store.

    Raises LogError where there is nothing, or a file cannot be used; RecordingError where `run_dir`
    is taken.
    """
    collected = collect(source, run)
    if collected.empty:
        nothing = (
            "holds nothing that is known: no checkpoint (.safetensors, .pt, .pth, .ckpt, .bin, "
            ".keras, .h5, or a folder such as checkpoint-500), and no scalars"
        )
        said = [nothing, said_below(source), *collected.notes]
        raise LogError(source, "", ". ".join(filter(None, said)))
    course = course_of(collected, per_epoch=iterations_per_epoch)
    here = source.resolve()
    manifest = manifest_of(
        collected,
        course,
        run=uuid4().hex,
        name=name or (here.stem if here.is_file() else here.name),
        path=str(here),
        created_at=here.stat().st_mtime,
        ended_at=here.stat().st_mtime,
    )
    if name:
        manifest = replace(manifest, name=fit_name(name))
    write_run(run_dir, manifest, course)
    return Converted(
        len(course.iterations),
        len(manifest.layers),
        len(course.series),
        len(manifest.images.class_id),
        tuple(remarks_of(manifest.origin)),
    )


def remarks_of(origin: Origin | None) -> list[str]:
    """Return what was not taken, and how the rest was understood, as sentences."""
    if origin is None:
        return []
    lost = [
        f"left out, {'once' if one.times == 1 else f'{one.times:,} times'}: {one.reason}"
        for one in origin.dropped
    ]
    return [*origin.notes, *lost]


def write_run(run_dir: Path, manifest: Manifest, course: Course) -> None:
    """Write the run directory whole; RecordingError where there is something, or it cannot be.

    What was written until then is taken away again.
    """
    try:
        if run_dir.exists() and any(run_dir.iterdir()):
            raise RecordingError(f"{run_dir} is not empty; name a new folder for the run")
        with undone_if_it_fails(run_dir):
            (run_dir / SNAPSHOTS).mkdir(parents=True, exist_ok=True)
            write_manifest(run_dir / MANIFEST, replace(manifest, state="recording", ended_at=None))
            for place in range(len(course.iterations)):
                snapshot = course.snapshot(place)
                write_snapshot(snapshot_path(run_dir, snapshot.iteration), manifest, snapshot)
            write_manifest(run_dir / MANIFEST, manifest)
    except OSError as error:
        raise RecordingError(
            f"{run_dir} cannot be written ({error.strerror}); choose another folder"
        ) from error
