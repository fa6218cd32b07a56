"""What the rules look at: the history of a run as arrays, all on its snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import SERIES
from ingest.analysis.bands import Bands
from ingest.analysis.flip_index import validated_snapshots
from ingest.analysis.health.kept import Kept

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

# What is needed of the layers, by quantity; each becomes `layers[quantity, statistic]`.
NEEDED_STATISTICS: Mapping[str, tuple[str, ...]] = {
    "weight": ("l2", "std", "mean", "median", "q1", "q3", "nan_count", "inf_count"),
    "gradient": ("l2", "zero_share", "nan_count", "inf_count"),
    "update": ("l2", "nan_count", "inf_count"),
    "activation": ("std", "mean", "zero_share", "nan_count", "inf_count"),
}


@dataclass(frozen=True)
class Logged:
    """A series at full resolution: `iterations` [n], rising, `values` f8 [n]."""

    iterations: NDArray[np.integer]
    values: Floats


@dataclass(frozen=True)
class FilterPeaks:
    """The most changed filters of every snapshot: those of t are start[t]..start[t + 1] - 1."""

    start: NDArray[np.int64]  # [T + 1]
    layer: Ints  # [n]
    filter: Ints  # [n], counted within the layer
    value: NDArray[np.float32]  # [n], falling within a snapshot


_NO_PEAKS = FilterPeaks(
    np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32)
)


@dataclass(frozen=True)
class FlipHistory:
    """All flips, arrays [n] as db.queries.measurements.snapshots.Flips has them."""

    snapshot: Ints
    image: Ints
    before: Ints
    learned: NDArray[np.uint8]


@dataclass(frozen=True)
class History:
    """One run up to its last snapshot. NaN: not recorded, not defined, or truly not a number.

    Series are f8 [T]; `layers` holds f8 [L, T] for all NEEDED_STATISTICS; `class_error` f8 [C, T],
    a share 0..1; `class_no_prediction` [C, T] counts the images without one, None: not known.
    `train_loss` is the mean over the iterations since the snapshot before; `logged` holds
    train_loss and learning_rate as they were logged. `gradient_l2` f8 [F, K] is that of every
    filter at the last K snapshots, `relative_change` and `cosine_change` the peaks of all. `epoch`
    f8 [T] is how often all training images were seen; None or NaN: not known. `recorded_at` f8 [T]
    is in seconds. `good` is what good runs of its recipe stay within, with `position` f8 [T], where
    the snapshots stand on their axis; None: too few of them are marked. `kept` is what an earlier
    judgement of the run computed, and serves this one.
    """

    iteration: NDArray[np.integer]  # [T], rising
    learning_rate: Floats
    train_loss: Floats
    train_error: Floats
    validation_loss: Floats
    validation_error: Floats
    transitions: NDArray[np.integer]  # [T, 4]: n->y, y->n, y->y, n->n; -1: none
    class_error: Floats
    class_size: NDArray[np.integer]  # [C]
    image_class: NDArray[np.integer]  # [N]
    flips: FlipHistory
    layers: Mapping[tuple[str, str], Floats]
    parameters: NDArray[np.integer]  # [L]
    fan_in: NDArray[np.integer]  # [L]: weights of one filter
    filter_offset: NDArray[np.integer]  # [L + 1]
    gradient_l2: Floats
    relative_change: FilterPeaks
    cosine_change: FilterPeaks
    logged: Mapping[str, Logged]
    apart: NDArray[np.bool_]  # [L]: normalisation, embedding or the like, of a scale of its own
    recording: bool = False
    epoch: Floats | None = None
    class_no_prediction: NDArray[np.integer] | None = None
    recorded_at: Floats | None = None
    good: Bands | None = None
    position: Floats | None = None
    kept: Kept = field(default_factory=Kept, compare=False, repr=False)

    @property
    def snapshots(self) -> int:
        """Return T."""
        return len(self.iteration)

    def validated(self) -> "History":
        """Return what validation says at the snapshots that were validated, for rules about it.

        Itself where all were, or none. Of layers and filters it says nothing.
        """
        found = self._validated
        return self if found is None else found

    @property
    def guessing_error(self) -> float:
        """Return the error of predicting the largest class always; NaN without images."""
        images = int(self.class_size.sum())
        return 1 - float(self.class_size.max()) / images if images else np.nan

    @cached_property
    def _validated(self) -> "History | None":
        # None for itself: what refers to itself stays in memory until Python looks for such.
        known = validated_snapshots(self.class_error)
        if known is None:
            return None
        series = {
            name: getattr(self, name)[known] for name in ("iteration", "transitions", *SERIES)
        }
        flips, none = self.flips, self.class_no_prediction
        return replace(
            self,
            **series,
            class_error=self.class_error[:, known],
            class_no_prediction=None if none is None else none[:, known],
            flips=replace(flips, snapshot=(np.cumsum(known) - 1)[flips.snapshot].astype(np.int32)),
            epoch=None if self.epoch is None else self.epoch[known],
            layers={},
            gradient_l2=self.gradient_l2[:, :0],
            relative_change=_NO_PEAKS,
            cosine_change=_NO_PEAKS,
        )

    def layer(self, quantity: str, statistic: str) -> Floats:
        """Return one statistic of all layers, f8 [L, T]."""
        return self.layers[quantity, statistic]

    def update_ratio(self) -> Floats:
        """Return ||update|| / ||weight|| of every layer, f8 [L, T]; NaN where a weight is 0."""
        weight = self.layer("weight", "l2")
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(weight > 0, self.layer("update", "l2") / weight, np.nan)


def mean_between(logged: Logged, ticks: NDArray[np.integer]) -> Floats:
    """Return the mean of a series over the iterations after each tick's predecessor, f8 [T].

    NaN where nothing was logged there, or one of the values is not finite.
    """
    place = np.searchsorted(ticks, logged.iterations, side="left")
    kept = place < len(ticks)
    number = np.bincount(place[kept], minlength=len(ticks))
    total = np.bincount(place[kept], weights=logged.values[kept], minlength=len(ticks))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / number
    return np.where(np.isfinite(mean), mean, np.nan)
