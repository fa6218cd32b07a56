"""Reads what the health rules look at from the store, in about thirty statements."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.queries.measurements import peaks, scalars, snapshots
from db.queries.measurements.layer_stats import layer_profile
from db.queries.runs import findings, runs, structure
from ingest.analysis.health.finding import Names
from ingest.analysis.health.history import (
    NEEDED_STATISTICS,
    FilterPeaks,
    FlipHistory,
    History,
    Logged,
    mean_between,
)
from ingest.analysis.health.rules.machine import is_judged

# Of the filters' gradients only the last snapshots are read: those of a whole run are 90 MB.
LAST_SNAPSHOTS = 5


def read_history(session: Session, *, run_id: int) -> tuple[History, Names]:
    """Return the history of a run and the names in it; NotFound."""
    run = runs.get_run(session, run_id=run_id)
    layers = structure.layers(session, run_id=run_id)
    classes = structure.classes(session, run_id=run_id)
    series = snapshots.snapshots(session, run_id=run_id)
    flips = snapshots.flips(session, run_id=run_id)
    logged = _logged(session, run_id)
    kernel = [int(np.prod(kernel)) for kernel in layers.kernels]
    history = History(
        iteration=series.iteration,
        learning_rate=series.learning_rate,
        train_loss=_mean_loss(logged, series),
        train_error=series.train_error,
        validation_loss=series.validation_loss,
        validation_error=series.validation_error,
        transitions=series.transitions,
        class_error=snapshots.class_errors(session, run_id=run_id).astype(np.float64),
        class_no_prediction=snapshots.class_no_predictions(session, run_id=run_id),
        class_size=classes.image_count,
        image_class=structure.image_classes(session, run_id=run_id),
        flips=FlipHistory(flips.snapshot, flips.image, flips.before, flips.learned),
        layers={
            (quantity, statistic): layer_profile(
                session, run_id=run_id, quantity=quantity, statistic=statistic
            ).astype(np.float64)
            for quantity, statistics in NEEDED_STATISTICS.items()
            for statistic in statistics
        },
        parameters=layers.parameters,
        fan_in=layers.inputs * np.array(kernel, np.int32),
        filter_offset=np.append(layers.filter_offset, layers.filters.sum()),
        gradient_l2=findings.last_filters(
            session, run_id=run_id, quantity="gradient_l2", snapshots=LAST_SNAPSHOTS
        ).astype(np.float64),
        relative_change=_peaks(session, run_id, "relative_change"),
        cosine_change=_peaks(session, run_id, "cosine_change"),
        logged=logged,
        apart=_apart(layers.kinds),
        recording=run.recording,
        epoch=series.epoch,
        recorded_at=series.recorded_at,
    )
    return history, Names(layers.names, classes.names)


def read_resumes(session: Session, *, run_id: int) -> tuple[int, ...]:
    """Return after which iterations the training was resumed, rising; NotFound."""
    found = runs.run_manifest(session, run_id=run_id).get("generations", [])
    return tuple(sorted(int(generation["start_iteration"]) for generation in found[1:]))


def _apart(kinds: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which layers are no convolution, linear layer or attention, whose scale is usual."""
    return np.array(
        ["norm" in kind.casefold() or kind in ("Embedding", "Parameter") for kind in kinds],
        np.bool_,
    )


def _logged(session: Session, run_id: int) -> Mapping[str, Logged]:
    found = {}
    for name in scalars.scalar_names(session, run_id=run_id):
        if name in ("train_loss", "learning_rate") or is_judged(name):
            whole = scalars.scalar(session, run_id=run_id, name=name)
            found[name] = Logged(whole.iterations, whole.values)
    return found


def _mean_loss(logged: Mapping[str, Logged], series: snapshots.Snapshots) -> NDArray[np.float64]:
    if "train_loss" not in logged:
        return series.train_loss
    return mean_between(logged["train_loss"], series.iteration)


def _peaks(session: Session, run_id: int, quantity: str) -> FilterPeaks:
    found = peaks.all_peaks(session, run_id=run_id, quantity=quantity)
    return FilterPeaks(found.start, found.layer_id, found.filter, found.value)
