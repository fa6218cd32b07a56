"""What a run would have been told while it recorded: its history cut off after each snapshot."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ingest.analysis.health.finding import Names, Severity
from ingest.analysis.health.history import FilterPeaks, FlipHistory, History, Logged
from ingest.analysis.health.rules import evaluate


def until(history: History, snapshots: int) -> History:
    """Return the history as it was when it had so many snapshots, still recording.

    The gradients of single filters are not known of then: they are read of the last snapshots only.
    """
    series = (
        "iteration",
        "learning_rate",
        "train_loss",
        "train_error",
        "validation_loss",
        "validation_error",
        "transitions",
    )
    flips, none = history.flips, history.class_no_prediction
    known = flips.snapshot < snapshots
    last = history.iteration[snapshots - 1] if snapshots else -1
    return replace(
        history,
        **{name: getattr(history, name)[:snapshots] for name in series},
        class_error=history.class_error[:, :snapshots],
        class_no_prediction=None if none is None else none[:, :snapshots],
        flips=FlipHistory(
            flips.snapshot[known], flips.image[known], flips.before[known], flips.learned[known]
        ),
        layers={key: values[:, :snapshots] for key, values in history.layers.items()},
        gradient_l2=history.gradient_l2[:, :0],
        relative_change=_peaks(history.relative_change, snapshots),
        cosine_change=_peaks(history.cosine_change, snapshots),
        logged={
            name: Logged(
                logged.iterations[logged.iterations <= last],
                logged.values[logged.iterations <= last],
            )
            for name, logged in history.logged.items()
        },
        recording=True,
        epoch=None if history.epoch is None else history.epoch[:snapshots],
    )


def _peaks(peaks: FilterPeaks, snapshots: int) -> FilterPeaks:
    number = int(peaks.start[snapshots])
    return FilterPeaks(
        peaks.start[: snapshots + 1],
        peaks.layer[:number],
        peaks.filter[:number],
        peaks.value[:number],
    )


def ever_high(history: History, names: Names, tolerated: Sequence[str]) -> bool:
    """Return whether a finding of no tolerated rule was of high severity at any time."""
    return any(
        finding.severity is Severity.HIGH and finding.rule not in tolerated
        for snapshots in np.arange(1, history.snapshots + 1)
        for finding in evaluate(until(history, int(snapshots)), names)
    )
