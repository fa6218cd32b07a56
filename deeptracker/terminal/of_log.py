"""A run as its log has it, read without a server: manifest, curves, what the writer could not."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.errors import LogError
from deeptracker.format import MANIFEST, Manifest, RunDirectory
from deeptracker.terminal.shown import CURVES, Curve, Shown

_MOST_NOTES = 5
_ERROR = "validation_error"


def is_log(path: Path) -> bool:
    """Return whether a folder holds a log."""
    return (path / MANIFEST).is_file()


def shown_log(path: Path) -> Shown:
    """Return the run of a log; LogError where its manifest cannot be read.

    Snapshots that cannot be read are told of and left out.
    """
    log = RunDirectory(path)
    manifest = log.manifest()
    iterations = log.iterations()
    curves, notes = _curves(log, manifest, iterations)
    return Shown(
        name=manifest.name,
        state=manifest.state,
        source=str(path),
        page="",
        facts=_facts(manifest, iterations),
        settings=dict(manifest.hyperparameters),
        curves=curves,
        notes=[
            *notes,
            *_told(manifest),
            "What went wrong, and why, is judged by a server (deeptracker[server]): "
            f"deeptracker ingest {path}",
        ],
    )


def _facts(manifest: Manifest, iterations: list[int]) -> dict[str, object]:
    planned = manifest.sampling.planned_iterations
    return {
        "network": manifest.model,
        "data set": manifest.dataset,
        "begun": _time(manifest.created_at),
        "ended": None if manifest.ended_at is None else _time(manifest.ended_at),
        "snapshots": len(iterations),
        "last iteration": iterations[-1] if iterations else None,
        "planned iterations": planned,
        "layers": len(manifest.layers),
        "filters": manifest.filters,
        "classes": len(manifest.classes),
        "images": len(manifest.images.class_id),
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _curves(
    log: RunDirectory, manifest: Manifest, iterations: list[int]
) -> tuple[dict[str, Curve], list[str]]:
    """Return the series that are shown, and what could not be read of the snapshots."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    broken: list[LogError] = []
    for iteration in iterations:
        try:
            snapshot = log.snapshot(manifest, iteration, tail=False)
        except LogError as error:
            broken.append(error)
            continue
        for name in set(CURVES) & set(snapshot.scalars):
            series = snapshot.scalars[name]
            found[name] |= zip(series.iterations.tolist(), series.values.tolist(), strict=True)
        if snapshot.prediction is not None:
            # What was logged under this name counts more.
            found[_ERROR].setdefault(iteration, _wrong(snapshot.prediction, manifest))
    for name, values in log.tail().items():
        if name in CURVES:
            found[name] |= values
    curves = {name: _curve(found[name]) for name in CURVES if found[name]}
    lost = f"{len(broken)} snapshots cannot be read, the first: {broken[0]}" if broken else ""
    return curves, [lost] if lost else []


def _wrong(prediction: NDArray[Any], manifest: Manifest) -> float:
    """Return the share of wrong images; one without a prediction, which is of no class, is wrong.

    In u2 that stands as 65,535, which is no class either.
    """
    return float(np.mean(prediction != manifest.images.class_id))


def _curve(values: dict[int, float]) -> Curve:
    ordered = sorted(values.items())
    return Curve(np.array([i for i, _ in ordered]), np.array([v for _, v in ordered], float))


def _told(manifest: Manifest) -> list[str]:
    """Return how the training ended, what its writer could not record, and its events."""
    notes = []
    if manifest.failure is not None:
        failure = manifest.failure
        notes.append(f"It ended with {failure.kind} in {failure.file}, line {failure.line}.")
    if manifest.lost_snapshots:
        notes.append(f"{manifest.lost_snapshots} snapshots could not be written.")
    notes += [f"Iteration {r.first}: {r.subject}: {r.text}" for r in manifest.remarks[:_MOST_NOTES]]
    notes += [f"Iteration {e.iteration}: {e.text}" for e in manifest.events[:_MOST_NOTES]]
    notes += [
        f"Resumed after iteration {one.start_iteration}."
        for one in manifest.generations[1:][:_MOST_NOTES]
    ]
    return notes
