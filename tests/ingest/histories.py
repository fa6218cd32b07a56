"""Histories for the health rules of which nothing is known, or much is wrong."""

from dataclasses import replace
from typing import Any

import numpy as np

from ingest.analysis.health.example import healthy
from ingest.analysis.health.history import FilterPeaks, History, Logged


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
