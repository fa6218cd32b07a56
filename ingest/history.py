"""What the health rules look at, from the store, in about thirty statements, or from a load."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.queries.measurements import peaks, scalars, snapshots
from db.queries.measurements.layer_stats import layer_profile
from db.queries.measurements.peaks import PeaksOfRun
from db.queries.measurements.scalars import Scalar
from db.queries.measurements.snapshots import Flips, Snapshots
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
PEAKS = ("relative_change", "cosine_change")


@dataclass(frozen=True)
class Measured:
    """What the snapshots of a run say, as the queries of these names return it.

    `profiles` f4 [L, T] by quantity and statistic, of all NEEDED_STATISTICS; `gradient_l2` that of
    the LAST_SNAPSHOTS; `peaks` of PEAKS; `logged` the series that `is_looked_at`.
    """

    snapshots: Snapshots
    flips: Flips
    class_errors: NDArray[np.float32]
    class_no_predictions: NDArray[np.int32]
    profiles: Mapping[tuple[str, str], NDArray[np.float32]]
    gradient_l2: NDArray[np.float32]
    peaks: Mapping[str, PeaksOfRun]
    logged: Mapping[str, Scalar]


def read_history(
    session: Session, *, run_id: int, measured: Measured | None = None
) -> tuple[History, Names]:
    """Return the history of a run and the names in it; NotFound.

    Where `measured` is known already, only what the run is comes from the store.
    """
    run = runs.get_run(session, run_id=run_id)
    layers = structure.layers(session, run_id=run_id)
    classes = structure.classes(session, run_id=run_id)
    told = measured or _stored(session, run_id)
    series, flips = told.snapshots, told.flips
    logged = {name: Logged(one.iterations, one.values) for name, one in told.logged.items()}
    kernel = [int(np.prod(kernel)) for kernel in layers.kernels]
    history = History(
        iteration=series.iteration,
        learning_rate=series.learning_rate,
        train_loss=_mean_loss(logged, series),
        train_error=series.train_error,
        validation_loss=series.validation_loss,
        validation_error=series.validation_error,
        transitions=series.transitions,
        class_error=told.class_errors.astype(np.float64),
        class_no_prediction=told.class_no_predictions,
        class_size=classes.image_count,
        image_class=structure.image_classes(session, run_id=run_id),
        flips=FlipHistory(flips.snapshot, flips.image, flips.before, flips.learned),
        layers={key: values.astype(np.float64) for key, values in told.profiles.items()},
        parameters=layers.parameters,
        fan_in=layers.inputs * np.array(kernel, np.int32),
        filter_offset=np.append(layers.filter_offset, layers.filters.sum()),
        gradient_l2=told.gradient_l2.astype(np.float64),
        relative_change=_peaks(told.peaks["relative_change"]),
        cosine_change=_peaks(told.peaks["cosine_change"]),
        logged=logged,
        apart=_apart(layers.kinds),
        recording=run.recording,
        epoch=series.epoch,
        recorded_at=series.recorded_at,
    )
    return history, Names(layers.names, classes.names)


def _stored(session: Session, run_id: int) -> Measured:
    return Measured(
        snapshots=snapshots.snapshots(session, run_id=run_id),
        flips=snapshots.flips(session, run_id=run_id),
        class_errors=snapshots.class_errors(session, run_id=run_id),
        class_no_predictions=snapshots.class_no_predictions(session, run_id=run_id),
        profiles={
            (quantity, statistic): layer_profile(
                session, run_id=run_id, quantity=quantity, statistic=statistic
            )
            for quantity, statistics in NEEDED_STATISTICS.items()
            for statistic in statistics
        },
        gradient_l2=findings.last_filters(
            session, run_id=run_id, quantity="gradient_l2", snapshots=LAST_SNAPSHOTS
        ),
        peaks={name: peaks.all_peaks(session, run_id=run_id, quantity=name) for name in PEAKS},
        logged={
            name: scalars.scalar(session, run_id=run_id, name=name)
            for name in scalars.scalar_names(session, run_id=run_id)
            if is_looked_at(name)
        },
    )


def is_looked_at(name: str) -> bool:
    """Return whether the rules look at a series as it was logged."""
    return name in ("train_loss", "learning_rate") or is_judged(name)


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


def _mean_loss(logged: Mapping[str, Logged], series: Snapshots) -> NDArray[np.float64]:
    if "train_loss" not in logged:
        return series.train_loss
    return mean_between(logged["train_loss"], series.iteration)


def _peaks(found: PeaksOfRun) -> FilterPeaks:
    return FilterPeaks(found.start, found.layer_id, found.filter, found.value)
