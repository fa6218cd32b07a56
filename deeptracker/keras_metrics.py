"""Losses and errors of single steps, out of the running means that Keras keeps over an epoch."""

import math
from typing import Any

import keras
import numpy as np

from deeptracker.keras_state import LiveState

# A mean is left out where what float32 rounds off may be this share of it.
_DOUBTFUL = 0.1
_EPSILON = float(np.finfo(np.float32).eps)

_ACCURACIES = (
    keras.metrics.Accuracy,
    keras.metrics.BinaryAccuracy,
    keras.metrics.CategoricalAccuracy,
    keras.metrics.SparseCategoricalAccuracy,
)


class StepMean:
    """The mean of what a metric took in since it was asked last.

    Keras adds up a total and a count in float32 and sets both back at every epoch. So a mean is
    known to within the rounding of the total; once that is NaN, or dwarfs what is added to it, it
    is not known for the rest of the epoch.
    """

    def __init__(self, metric: Any, *, whole: bool = False) -> None:
        """Watch a metric with `total` and `count`; `whole`: it adds whole numbers, exactly."""
        self._metric = metric
        self._rounds = 0.0 if whole else _EPSILON
        self._before = (0.0, 0.0)
        self._forget()

    def _forget(self) -> None:
        self._sum = self._count = self._bound = 0.0
        self._known = True

    def start_epoch(self) -> None:
        """Count from zero, as Keras does; what was added and not asked for yet is kept."""
        self._before = (0.0, 0.0)

    def add(self, state: LiveState) -> None:
        """Take what the metric has now, after a batch."""
        total, count = state.number(self._metric.total), state.number(self._metric.count)
        if count < self._before[1]:  # set back by the script
            self._before = (0.0, 0.0)
        self._count += count - self._before[1]
        if math.isfinite(self._before[0]):
            self._sum += total - self._before[0]
            self._bound += self._rounds * abs(total) if math.isfinite(total) else 0.0
        elif count > self._before[1]:
            self._known = False
        self._before = (total, count)

    def take(self) -> tuple[float | None, bool]:
        """Return the mean since the last call, None where there is none; and whether it is known.

        NaN or Inf where that is what was added.
        """
        mean = self._sum / self._count if self._count > 0 else None
        known = self._known and not self._bound > _DOUBTFUL * abs(self._sum)
        self._forget()
        return (mean if known else None), known or mean is None


class StepMetrics:
    """`train_loss` and `train_error` of the steps of a model."""

    def __init__(self, model: Any) -> None:
        metrics = [inner for metric in model.metrics for inner in _within(metric)]
        self._losses = [
            StepMean(metric)
            for metric in metrics
            if metric.name == "loss" and isinstance(metric, keras.metrics.Mean)
        ]
        accuracies = [metric for metric in metrics if isinstance(metric, _ACCURACIES)]
        # Of several, they are of several outputs.
        self._right = StepMean(accuracies[0], whole=True) if len(accuracies) == 1 else None

    def _means(self) -> list[StepMean]:
        return [*self._losses, *([] if self._right is None else [self._right])]

    def start_epoch(self) -> None:
        """Follow Keras, which sets its metrics back."""
        for mean in self._means():
            mean.start_epoch()

    def add(self, state: LiveState) -> None:
        """Take in a batch."""
        for mean in self._means():
            mean.add(state)

    def take(self) -> tuple[dict[str, float], bool]:
        """Return what is known of the batches since the last call, and whether all of it is.

        Without a metric of the loss, as in a `train_step` of the script's own, none is returned.
        """
        found, known = {}, True
        for loss in self._losses:
            mean, sure = loss.take()
            known = known and sure
            if mean is not None:
                found["train_loss"] = mean
        if self._right is not None:
            right, _ = self._right.take()
            if right is not None:
                found["train_error"] = 1.0 - right
        return found, known


def _within(metric: Any) -> list[Any]:
    """Return the metrics that were given to `compile`, which Keras keeps in one."""
    inner = getattr(metric, "metrics", None)
    return list(inner) if isinstance(inner, list) else [metric]
