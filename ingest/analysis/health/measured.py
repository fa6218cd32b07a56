"""A run as the bands of good runs compare it: its series by family, and words for each."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ingest.analysis.bands import Course, Floats, Series
from ingest.analysis.health.finding import Names
from ingest.analysis.health.history import History

# The least spread of a series from run to run: 1 % of what is positive, half a percent of a share.
_LEAST_LOG, _LEAST_SHARE = 0.01, 0.005


@dataclass(frozen=True)
class Family:
    """One kind of series: `title`, what its series are (layers, classes, or `series` by name).

    `log`: the logarithm is compared, else asin(sqrt()) of a share. `bad` are the sides on which a
    departure is bad news: 1 above, -1 below. `read` gives it f8 [n, T] as measured.
    """

    name: str
    title: str
    of: str
    log: bool
    bad: tuple[int, ...]
    read: Callable[[History], Floats]
    series: tuple[str, ...] = ()

    def compared(self, values: Floats) -> Floats:
        """Return values as they are compared; NaN where that is not defined."""
        with np.errstate(invalid="ignore", divide="ignore"):
            if self.log:
                return np.where(values > 0, np.log(values), np.nan)
            return np.arcsin(np.sqrt(np.where((values >= 0) & (values <= 1), values, np.nan)))

    def measured(self, compared: Floats) -> Floats:
        """Return what was compared as it was measured."""
        if self.log:
            return np.exp(compared)
        return np.sin(compared.clip(0, np.pi / 2)) ** 2

    def floor(self, history: History, number: int) -> Floats:
        """Return the least spread of each series, f8 [n]; that of classes by their images."""
        if self.of == "class":
            # Half the variance of a share of so many images: all runs see the same ones.
            return np.sqrt(1 / (8 * np.maximum(1, history.class_size)))
        return np.full(number, _LEAST_LOG if self.log else _LEAST_SHARE)

    def named(self, series: int, names: Names) -> str:
        """Return one of its series in words."""
        if self.of == "layer":
            return f"{self.title} of {names.of_layers([series])}"
        if self.of == "class":
            return f"{self.title} of {names.of_classes([series])}"
        return self.series[series]


def _seconds(history: History) -> Floats:
    """Return the seconds that an iteration took since the snapshot before, f8 [1, T]."""
    if history.recorded_at is None:
        return np.full((1, history.snapshots), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        took = np.diff(history.recorded_at) / np.diff(history.iteration)
    return np.concatenate([[np.nan], took])[None] if history.snapshots else np.empty((1, 0))


FAMILIES: tuple[Family, ...] = (
    Family(
        "loss", "loss", "series", log=True, bad=(1,),
        read=lambda history: np.stack([history.train_loss, history.validation_loss]),
        series=("training loss", "validation loss"),
    ),
    Family(
        "class-error", "error", "class", log=False, bad=(1,),
        read=lambda history: history.class_error,
    ),
    Family(
        "change", "change ||update|| / ||weight||", "layer", log=True, bad=(1, -1),
        read=lambda history: history.update_ratio(),
    ),
    Family(
        "norm", "norm of the weights", "layer", log=True, bad=(1, -1),
        read=lambda history: history.layer("weight", "l2"),
    ),
    Family(
        "sparsity", "share of zeros in the output", "layer", log=False, bad=(1, -1),
        read=lambda history: history.layer("activation", "zero_share"),
    ),
    Family(
        "time", "time", "series", log=True, bad=(1,),
        read=_seconds, series=("time per iteration",),
    ),
)  # fmt: skip
FAMILY = {family.name: family for family in FAMILIES}


def course(history: History, position: Floats) -> Course:
    """Return a run as the bands compare it; `position` f8 [T] is where its snapshots stand."""
    found = {}
    for family in FAMILIES:
        values = family.compared(family.read(history))
        found[family.name] = Series(values, family.floor(history, len(values)))
    return Course(position, found)
