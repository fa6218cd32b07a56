"""A made-up run that learns without trouble, and changes to it: the examples of the rules."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ingest.analysis.health.history import (
    NEEDED_STATISTICS,
    FilterPeaks,
    FlipHistory,
    Floats,
    History,
    Logged,
)

SNAPSHOTS, LAYERS, FILTERS, CLASSES, IMAGES = 80, 4, 6, 5, 40
AT = 40  # the snapshot at which things go wrong, iteration 410


def healthy(
    snapshots: int = SNAPSHOTS,
    *,
    layers: Mapping[tuple[str, str], Any] | None = None,
    **changes: Any,
) -> History:
    """Return a run that learns without trouble; `layers` and `changes` replace parts of it.

    Snapshots at iterations 10, 20, ...; 4 layers of 6 filters with 25 weights, 5 classes of 40.
    """
    iteration = np.arange(1, snapshots + 1) * 10
    noise = np.random.default_rng(0)
    loss = 2.3 * np.exp(-np.arange(snapshots) / 12) + 0.05
    loss = loss * np.exp(noise.normal(0, 0.05, snapshots))
    error = np.clip(0.9 * np.exp(-np.arange(snapshots) / 8), 0.01, 1)
    values: dict[str, Any] = {
        "iteration": iteration,
        "learning_rate": np.full(snapshots, 0.1),
        "train_loss": loss,
        "train_error": error,
        "validation_loss": loss + 0.02,
        "validation_error": error + 0.02,
        "transitions": np.tile([2, 2, 190, 6], (snapshots, 1)),
        "class_error": np.tile(error + 0.02, (CLASSES, 1)),
        "class_size": np.full(CLASSES, IMAGES),
        "image_class": np.repeat(np.arange(CLASSES), IMAGES),
        "flips": FlipHistory(*(np.zeros(0, np.int32),) * 3, np.zeros(0, np.uint8)),
        "layers": {**_layers(snapshots, noise), **(layers or {})},
        "parameters": np.full(LAYERS, FILTERS * 25),
        "fan_in": np.full(LAYERS, 25),
        "filter_offset": np.arange(LAYERS + 1) * FILTERS,
        "gradient_l2": np.full((LAYERS * FILTERS, min(5, snapshots)), 0.1),
        "relative_change": changed_filters(snapshots),
        "cosine_change": changed_filters(snapshots),
        "logged": {
            "train_loss": Logged(iteration, loss),
            "learning_rate": Logged(iteration, np.full(snapshots, 0.1)),
        },
        "apart": np.zeros(LAYERS, np.bool_),
    }
    return History(**{**values, **changes})


def _layers(snapshots: int, noise: np.random.Generator) -> dict[tuple[str, str], Any]:
    shape = (LAYERS, snapshots)
    found = {
        (quantity, statistic): np.zeros(shape)
        for quantity, statistics in NEEDED_STATISTICS.items()
        for statistic in statistics
    }
    found["weight", "l2"] = np.full(shape, 2.4)
    found["weight", "std"] = np.full(shape, 0.2)  # x sqrt(25) is 1
    found["weight", "q1"], found["weight", "q3"] = np.full(shape, -0.135), np.full(shape, 0.135)
    found["gradient", "l2"] = np.exp(noise.normal(0, 0.1, shape))
    found["update", "l2"] = 2.4e-3 * np.exp(noise.normal(0, 0.1, shape))
    found["activation", "mean"], found["activation", "std"] = np.ones(shape), np.ones(shape)
    found["activation", "zero_share"] = np.linspace(0.3, 0.7, LAYERS)[:, None] + np.zeros(shape)
    return found


def changed(name: str, part: slice, value: float) -> Floats:
    """Return a copy of a series of the healthy run with `value` in a part of it, f8 [T]."""
    series: Floats = getattr(healthy(), name).copy()
    series[part] = value
    return series


def layer_statistic(quantity: str, statistic: str, snapshots: int = SNAPSHOTS) -> Any:
    """Return a copy of one statistic of the healthy run, f8 [L, T], to be changed."""
    return healthy(snapshots).layer(quantity, statistic).copy()


def changed_filters(
    snapshots: int, *, jumps: Mapping[tuple[int, int, int], float] | None = None
) -> Any:
    """Return the changes of all filters: 0.01 each, and `jumps` by (snapshot, layer, filter).

    None at the first snapshot, which follows none.
    """
    start, layer, filter_, value = [0], [], [], []
    for at in range(snapshots):
        here = np.full((LAYERS, FILTERS), 0.01)
        for (when, a, b), size in (jumps or {}).items():
            if when == at:
                here[a, b] = size
        order = np.argsort(-here.ravel(), kind="stable") if at else np.zeros(0, np.int64)
        layer.append(order // FILTERS)
        filter_.append(order % FILTERS)
        value.append(here.ravel()[order])
        start.append(start[-1] + len(order))
    joined = [np.concatenate(part) if part else np.zeros(0) for part in (layer, filter_, value)]
    return FilterPeaks(
        np.array(start),
        joined[0].astype(np.int32),
        joined[1].astype(np.int32),
        joined[2].astype(np.float32),
    )
