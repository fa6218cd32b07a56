"""Histories of made-up runs for the health rules: a healthy one, and changes to it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ingest.analysis.health.history import (
    NEEDED_STATISTICS,
    FilterPeaks,
    FlipHistory,
    History,
    Logged,
)

SNAPSHOTS, LAYERS, FILTERS, CLASSES, IMAGES = 80, 4, 6, 5, 40


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
        "relative_change": peaks(snapshots),
        "cosine_change": peaks(snapshots),
        "logged": {
            "train_loss": Logged(iteration, loss),
            "learning_rate": Logged(iteration, np.full(snapshots, 0.1)),
        },
        "normalisation": np.zeros(LAYERS, np.bool_),
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


def layer_statistic(quantity: str, statistic: str, snapshots: int = SNAPSHOTS) -> Any:
    """Return a copy of one statistic of the healthy run, f8 [L, T], to be changed."""
    return healthy(snapshots).layer(quantity, statistic).copy()


def peaks(snapshots: int, *, jumps: Mapping[tuple[int, int, int], float] | None = None) -> Any:
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


def unknown(history: History) -> History:
    """Return the history with every measured number NaN."""
    nan = {
        name: np.full_like(getattr(history, name), np.nan)
        for name in (
            "learning_rate", "train_loss", "train_error", "validation_loss", "validation_error",
            "class_error", "gradient_l2",
        )
    }  # fmt: skip
    layers = {key: np.full_like(value, np.nan) for key, value in history.layers.items()}
    no_peaks = FilterPeaks(
        np.zeros(history.snapshots + 1, np.int64), *(np.zeros(0, np.int32),) * 2,
        np.zeros(0, np.float32),
    )  # fmt: skip
    return healthy(
        history.snapshots,
        layers=layers,
        transitions=np.full((history.snapshots, 4), -1),
        relative_change=no_peaks,
        cosine_change=no_peaks,
        logged={},
        **nan,
    )


def broken(history: History, *, seed: int) -> History:
    """Return the history with every tenth number NaN, and as many Inf, 0, negative, or far off."""
    random = np.random.default_rng(seed)

    def spoil(values: Any) -> Any:
        kind = random.integers(0, 10, np.shape(values))
        factor = 10.0 ** random.uniform(-6, 6, np.shape(values))
        return np.select(
            [kind == 0, kind == 1, kind == 2, kind == 3, kind == 4],
            [np.nan, np.inf, 0.0, -values, values * factor],
            values,
        )

    floats = (
        "learning_rate", "train_loss", "train_error", "validation_loss", "validation_error",
        "gradient_l2",
    )  # fmt: skip
    return replace(
        history,
        # Counted from predictions: a share or NaN, whatever a log says.
        class_error=np.clip(spoil(history.class_error), 0, 1),
        **{name: spoil(getattr(history, name)) for name in floats},
        epoch=spoil(np.arange(history.snapshots) / 4),
        layers={key: spoil(values) for key, values in history.layers.items()},
        logged={
            name: Logged(series.iterations, spoil(series.values))
            for name, series in history.logged.items()
        },
    )
