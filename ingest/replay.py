"""Recompute what follows a snapshot that arrived late or was recorded again.

Flips, transitions and carried-forward values depend on the snapshots before. This reads the run's
predictions back once: a second or two at paper scale.
"""

import math
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db import load_history as history
from db.measured_rows import Shape
from db.models.measurements import TRANSITIONS
from deeptracker.format import NOT_VALIDATED, SERIES, Manifest, Series
from ingest.analysis.flips import FlipFinder, FlipState, Step, no_flips
from ingest.prepare import OF_VALIDATION, last_value


def replay(
    session: Session, *, run_id: int, manifest: Manifest, shape: Shape, since: int
) -> tuple[FlipState | None, Mapping[str, float]]:
    """Rewrite the snapshots from iteration `since` on.

    Returns where the search for flips and the series stand after the last one.
    """
    iteration = history.iterations(session, run_id=run_id)
    first = int(np.searchsorted(iteration, since))
    state: FlipState | None = None
    steps = [no_flips()] * len(iteration)
    if len(manifest.images.class_id):
        steps, state = _flips(session, run_id, manifest, shape, snapshots=len(iteration))
    values = _series(session, run_id, shape, since)
    rows = [
        {"at": int(iteration[at]), **_flip_columns(steps[at]), **values[int(iteration[at])]}
        for at in range(first, len(iteration))
    ]
    history.rewrite_snapshots(session, run_id=run_id, rows=rows)
    return state, history.last_series(session, run_id=run_id)


def _flip_columns(step: Step) -> dict[str, object]:
    counts = step.transitions or (None,) * len(TRANSITIONS)
    return {
        "flip_image": step.image,
        "flip_before": step.before,
        "flip_learned": step.learned,
        **dict(zip(TRANSITIONS, counts, strict=True)),
    }


def _flips(
    session: Session, run_id: int, manifest: Manifest, shape: Shape, *, snapshots: int
) -> tuple[list[Step], FlipState | None]:
    """Return the step of every snapshot and the final state; images are independent of another."""
    image_class = manifest.images.class_id
    correct = np.zeros(len(image_class), np.uint8)
    length = np.zeros(len(image_class), np.int32)
    parts: dict[int, list[Step]] = defaultdict(list)
    seen = False
    for first, last, prediction in history.predictions(
        session, run_id=run_id, class_size=shape.class_size, snapshots=snapshots
    ):
        images = shape.by_class[shape.class_start[first] : shape.class_start[last]]
        labels = image_class[images]
        finder = FlipFinder()
        for at in range(snapshots):
            asked = prediction[at, 0] != NOT_VALIDATED
            step = finder.add(prediction[at] == labels) if asked else no_flips()
            parts[at].append(
                Step(
                    images[step.image].astype(np.int32),
                    step.before,
                    step.learned,
                    step.transitions,
                )
            )
        if finder.state is not None:
            seen = True
            correct[images], length[images] = finder.state.correct, finder.state.length
    state = FlipState(correct, length) if seen else None
    return [_join(parts[at]) for at in range(snapshots)], state


def _join(parts: list[Step]) -> Step:
    image = np.concatenate([part.image for part in parts])
    order = np.argsort(image, kind="stable")
    counts: NDArray[np.int64] | None = None
    if parts[0].transitions is not None:
        counts = np.array([part.transitions for part in parts]).sum(axis=0)
    return Step(
        image[order],
        np.concatenate([part.before for part in parts])[order],
        np.concatenate([part.learned for part in parts])[order],
        None if counts is None else tuple(counts.tolist()),
    )


def _series(session: Session, run_id: int, shape: Shape, since: int) -> dict[int, dict[str, float]]:
    """Return by iteration the last values up to it, as a load in order would have found them."""
    pieces = {
        name: history.series_pieces(session, run_id=run_id, name=name, since=since)
        for name in SERIES
    }
    last = history.last_series(session, run_id=run_id, before=since)
    found = {}
    for iteration, errors in history.class_errors(session, run_id=run_id, since=since):
        for name in SERIES:
            piece = pieces[name].get(iteration)
            series = None if piece is None else Series(piece[0].astype(np.int64), piece[1])
            value = last_value(series, until=iteration)
            if value is None and name in OF_VALIDATION and errors is not None:
                value = _of_validation(name, errors, shape.class_size)
            if value is not None:
                last[name] = value
        found[iteration] = dict(last)
    return found


def _of_validation(name: str, errors: NDArray[np.float32], size: NDArray[np.int32]) -> float | None:
    present = size > 0
    if np.isnan(errors[present]).all():
        return math.nan
    if name != "validation_error":
        return None
    wrong = np.rint(errors[present].astype(np.float64) * size[present])
    return int(wrong.sum()) / int(size.sum())
