"""Every measured quantity, said once: name in a log, words, format, range, order, merge rule.

This is the lowest package, so that the recorder, the database, ingest and the application may all
read it; it imports nothing of them. Scripts get it from app/catalogue.py, with the page.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Literal

Format = Literal["number", "percent", "integer"]
# How a statistic of a group of layers follows from those of its layers: see ingest/analysis/merge.
Merge = Literal["minimum", "maximum", "sum", "norm", "mean", "std"]


@dataclass(frozen=True)
class Measured:
    """What is measured: its name in the log, words, and its place where people choose."""

    name: str
    label: str
    place: int
    format: Format = field(default="number", kw_only=True)


@dataclass(frozen=True)
class Statistic(Measured):
    """A statistic of a layer: a column of a log's `statistics`, in the order of LAYER_STATISTICS.

    `merge` is None where it does not follow from those of the layers (quartiles do from the
    histogram). It is 0 to `most`, of any sign where that is None, or a count of the layer's
    parameters where the format is "integer".
    """

    merge: Merge | None
    most: float | None = None


@dataclass(frozen=True)
class FilterQuantity(Measured):
    """A number of every filter; 0 to `most`, of any sign where that is None.

    Of a `peak` quantity the largest of a snapshot are kept over all layers.
    """

    most: float | None = inf
    peak: bool = False


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
    Statistic("zero_share", "share of zeros", 10, "mean", 1.0, format="percent"),
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

# Scalars that the views know.
KNOWN_SERIES = (
    Measured("learning_rate", "Learning rate", 0),
    Measured("train_loss", "Training loss", 1),
    Measured("train_error", "Training error", 3, format="percent"),
    Measured("validation_loss", "Validation loss", 2),
    Measured("validation_error", "Validation error", 4, format="percent"),
)

IMAGE_TRANSITIONS = (
    Transition("n_to_y", "learned", "Learned"),
    Transition("y_to_n", "forgotten", "Forgotten"),
    Transition("y_to_y", "stayed_right", "Stayed right"),
    Transition("n_to_n", "stayed_wrong", "Stayed wrong"),
)

# Of the layers' choice: a ratio of two norms, the same in relation to the learning rate, so that a
# layer that converges is told from a schedule that ends; then what is measured of a layer.
RATIO = "ratio"
RATIO_PER_RATE = "ratio_per_rate"
RATIOS = (RATIO, RATIO_PER_RATE)
MEASURES = {
    RATIO: "Update / weight",
    RATIO_PER_RATE: "Update / weight / learning rate",
    "weight": "Weights",
    "gradient": "Gradients",
    "update": "Updates",
    "activation": "Activations, validation images",
    "training_activation": "Activations, training batches",
}

PEAK_QUANTITIES = tuple(one.name for one in FILTERS if one.peak)


def labels(measured: Iterable[Measured]) -> dict[str, str]:
    """Return name -> label in the order in which people choose."""
    return {one.name: one.label for one in sorted(measured, key=lambda one: one.place)}


def format_of(statistic: str, *, measure: str = "weight") -> Format:
    """Return the format of a statistic of a measure (a ratio is a plain number)."""
    if measure in RATIOS:
        return "number"
    return next(one.format for one in LAYER_STATISTICS if one.name == statistic)
