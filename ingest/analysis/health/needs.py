"""What rules need of a run to judge it, and what to log or to pass so that it is there."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from ingest.analysis.health.history import FilterPeaks, History


@dataclass(frozen=True)
class Need:
    """Something that a run has or lacks: `title` in words, and `how` to have it.

    `beside`: how to have it where no Recorder wrote the run, but other tools' files were read.
    `met(history)` tells whether it is there. Stored and served by `name`.
    """

    name: str
    title: str
    how: str
    met: Callable[[History], bool] = field(compare=False, repr=False)
    beside: str = ""

    def advice(self, *, imported: bool) -> str:
        """Return what to do to have it; `imported`: no Recorder wrote the run."""
        return self.beside if imported and self.beside else self.how


def lacking(history: History, needs: Iterable[Need]) -> tuple[Need, ...]:
    """Return the needs that a run does not meet, in their order."""
    return tuple(need for need in needs if not need.met(history))


def _layers(quantity: str) -> Callable[[History], bool]:
    def met(history: History) -> bool:
        return bool(np.isfinite(history.layer(quantity, _SEEN_BY[quantity])).any())

    return met


# What is not NaN as soon as a quantity was recorded at all.
_SEEN_BY = {"gradient": "l2", "update": "l2", "activation": "zero_share"}


def _train_loss(history: History) -> bool:
    # A loss that is NaN throughout was logged: that it is NaN is for another rule to say.
    return "train_loss" in history.logged or bool(np.isfinite(history.train_loss).any())


def _changes(peaks: FilterPeaks) -> bool:
    return bool(len(peaks.value))


def _early(history: History) -> bool:
    """Return whether the first snapshot is near the start: one step of the sampling, at most."""
    first = history.iteration[:2]
    return len(first) < 2 or bool(first[0] <= 1.5 * (first[1] - first[0]))


def _epochs(history: History) -> float:
    """Return the epochs from the first snapshot to the last; Inf where they are not known."""
    if history.epoch is None or not history.snapshots:
        return np.inf
    number = float(history.epoch[-1] - history.epoch[0])
    return number if np.isfinite(number) else np.inf


def snapshots(least: int) -> Need:
    """Return the need of so many snapshots."""
    return Need(
        f"snapshots-{least}",
        f"{least} snapshots",
        "take them more often (every=), or train longer",
        lambda history: history.snapshots >= least,
        "log or save more often, or train longer",
    )


def epochs(least: int) -> Need:
    """Return the need of so many epochs, where the run knows its epochs."""
    return Need(
        f"epochs-{least}",
        f"{least} epochs",
        "train longer",
        lambda history: _epochs(history) >= least,
    )


# How to have of layers what no Recorder wrote.
_CHECKPOINTS = (
    "put checkpoints of the training beside the files and load them together, or record the next "
    "training with a Recorder"
)
_HISTOGRAMS = (
    "log histograms of them under the names of the parameters, or record the next training with a "
    "Recorder"
)


def _as_scalar(column: str) -> str:
    """Return how to have a series of a training that is over: what was not logged cannot be now."""
    return (
        f"put a CSV with the columns iteration and {column} beside the files and load them "
        "together, or log it in the next training"
    )


TRAIN_LOSS = Need(
    "train_loss",
    "the training loss",
    "log train_loss=... in recorder.step()",
    _train_loss,
    _as_scalar("train_loss"),
)
TRAIN_ERROR = Need(
    "train_error",
    "the training error",
    "pass scores= and labels= of the batch to recorder.step()",
    lambda history: bool(np.isfinite(history.train_error).any()),
    _as_scalar("train_accuracy"),
)
LEARNING_RATE = Need(
    "learning_rate",
    "the learning rate",
    "log learning_rate=... in recorder.step()",
    lambda history: "learning_rate" in history.logged,
    _as_scalar("learning_rate"),
)
VALIDATION = Need(
    "validation",
    "a validation set",
    "pass validation= (or labels=) to the Recorder",
    lambda history: bool(np.isfinite(history.class_error).any()),
    "put a table of predictions (CSV: iteration, image, label, prediction, probability) beside the "
    "files and load it with them",
)
LAYERS = Need(
    "layers",
    "layers",
    "record the network with a Recorder, or convert the checkpoints of its training",
    lambda history: bool(len(history.parameters)),
    _CHECKPOINTS,
)
FILTERS = Need(
    "filters",
    "filters of the layers",
    "record the network with a Recorder, or convert the checkpoints of its training",
    lambda history: bool(history.filter_offset[-1] > len(history.parameters)),
    _CHECKPOINTS,
)
GRADIENTS = Need(
    "gradient",
    "gradients",
    "record them (with arrays: pass gradients= to recorder.step())",
    _layers("gradient"),
    _HISTOGRAMS,
)
UPDATES = Need(
    "update",
    "updates",
    "record what each step changes",
    _layers("update"),
    _HISTOGRAMS,
)
ACTIVATIONS = Need(
    "activation",
    "outputs of the layers",
    "pass activations=True and a validation set to the Recorder",
    _layers("activation"),
    "record the next training with a Recorder and activations=True",
)
FILTER_GRADIENTS = Need(
    "filter_gradient",
    "gradients of the filters",
    "record gradients and the statistics of filters",
    lambda history: bool(np.isfinite(history.gradient_l2).any()),
    "record the next training with a Recorder",
)
FILTER_CHANGES = Need(
    "filter_change",
    "changes of the filters",
    "record the statistics of filters",
    lambda history: _changes(history.relative_change) or _changes(history.cosine_change),
    _CHECKPOINTS,
)
EARLY = Need(
    "early",
    "a snapshot near the start",
    "record from the first iteration on",
    _early,
    "keep what the first iterations logged and saved, too",
)
DEPTH = Need(
    "depth",
    "a network of three layers or more",
    "this one has no first and last third",
    lambda history: int(np.count_nonzero(~history.apart)) >= 3,
)
