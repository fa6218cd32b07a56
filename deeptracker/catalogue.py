"""Every measured quantity, said once: name in a log, words, format, range, order, merge rule.

This is the lowest package, so that the recorder, the database, ingest and the application may all
read it; it imports nothing of them. Scripts get it from app/catalogue.py, with the page.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Literal, Protocol

Format = Literal["number", "percent", "integer"]
# How a statistic of a group of layers follows from those of its layers: see ingest/analysis/merge.
Merge = Literal["minimum", "maximum", "sum", "norm", "mean", "std"]


class Measured(Protocol):
    """What all that is measured has: a name in the log, words, a format, a place in lists."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def format(self) -> Format: ...  # noqa: D102
    @property
    def place(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Statistic:
    """A statistic of a layer: a column of a log's `statistics`, in the order of LAYER_STATISTICS.

    `place` is its place where people choose; `merge` is None where it does not follow from those
    of the layers (quartiles do from the histogram). It is 0 to `most`, of any sign where that is
    None, or a count of the layer's parameters where the format is "integer".
    """

    name: str
    label: str
    place: int
    merge: Merge | None
    most: float | None = None
    format: Format = "number"


@dataclass(frozen=True)
class FilterQuantity:
    """A number of every filter; 0 to `most`, of any sign where that is None.

    Of a `peak` quantity the largest of a snapshot are kept over all layers.
    """

    name: str
    label: str
    place: int
    most: float | None = inf
    peak: bool = False
    format: Format = "number"


@dataclass(frozen=True)
class KnownSeries:
    """A scalar that the views know."""

    name: str
    label: str
    place: int
    format: Format = "number"


@dataclass(frozen=True)
class Transition:
    """What becomes of a validation image between two snapshots; `column` is that of the table."""

    column: str
    name: str
    label: str


# New ones go to the end: logs and answers hold them in this order.
LAYER_STATISTICS = (
    Statistic("minimum", "minimum", 5, "minimum"),
    Statistic("q1", "first quartile", 6, None),
    Statistic("median", "median", 7, None),
    Statistic("q3", "third quartile", 8, None),
    Statistic("maximum", "maximum", 9, "maximum"),
    Statistic("mean", "mean", 1, "mean"),
    Statistic("std", "standard deviation", 0, "std", inf),
    Statistic("total", "sum", 4, "sum"),
    Statistic("l1", "L1 norm", 3, "sum", inf),
    Statistic("l2", "L2 norm", 2, "norm", inf),
    Statistic("zero_share", "share of zeros", 10, "mean", 1.0, "percent"),
    Statistic("nan_count", "count of NaN", 11, "sum", format="integer"),
    Statistic("inf_count", "count of Inf", 12, "sum", format="integer"),
)

FILTERS = (
    FilterQuantity("weight_mean", "Weight mean", 5, None),
    FilterQuantity("weight_std", "Weight std", 6),
    FilterQuantity("weight_l2", "Weight norm", 4),
    FilterQuantity("gradient_l2", "Gradient norm", 3, peak=True),
    FilterQuantity("update_ratio", "Update / weight", 2, peak=True),
    FilterQuantity("relative_change", "Relative change", 1, peak=True),
    FilterQuantity("cosine_change", "Cosine change", 0, 2.0, peak=True),
)

KNOWN_SERIES = (
    KnownSeries("learning_rate", "Learning rate", 0),
    KnownSeries("train_loss", "Training loss", 1),
    KnownSeries("train_error", "Training error", 3, "percent"),
    KnownSeries("validation_loss", "Validation loss", 2),
    KnownSeries("validation_error", "Validation error", 4, "percent"),
)

IMAGE_TRANSITIONS = (
    Transition("n_to_y", "learned", "Learned"),
    Transition("y_to_n", "forgotten", "Forgotten"),
    Transition("y_to_y", "stayed_right", "Stayed right"),
    Transition("n_to_n", "stayed_wrong", "Stayed wrong"),
)

# Of the layers' choice: a ratio of two norms, then what is measured of a layer.
RATIO = "ratio"
MEASURES = {
    RATIO: "Update / weight",
    "weight": "Weights",
    "gradient": "Gradients",
    "update": "Updates",
    "activation": "Activations",
}

PEAK_QUANTITIES = tuple(one.name for one in FILTERS if one.peak)


def labels(measured: Iterable[Measured]) -> dict[str, str]:
    """Return name -> label in the order in which people choose."""
    return {one.name: one.label for one in sorted(measured, key=lambda one: one.place)}


def format_of(statistic: str, *, measure: str = "weight") -> Format:
    """Return the format of a statistic of a measure (a ratio is a plain number)."""
    if measure == RATIO:
        return "number"
    return next(one.format for one in LAYER_STATISTICS if one.name == statistic)
