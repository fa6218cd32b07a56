"""The two maps of the overview: errors of the classes and statistics of the layers, over time."""

from collections.abc import Mapping
from typing import Any

from dash import html

from app.components.charts import chart, panel
from app.components.controls import select
from app.components.empty import no_snapshots
from app.selection import bound
from app.views.overview.ids import Ids
from db.queries.measurements.layer_stats import ALL_QUANTITIES
from deeptracker.catalogue import LAYER_STATISTICS, labels

DEFAULTS = {"quantity": "gradient", "statistic": "std", "scaling": "log"}

_NO_SNAPSHOTS = no_snapshots("The charts appear")
_NO_VALIDATION = (
    "This run has no validation images, so nothing is known about its classes. "
    "Give the Recorder validation data to see them."
)
_CHOOSE = "Choose another quantity or statistic."
_NO_VALUES = (
    "Every value of this choice is NaN: it was not recorded, or not defined, in any snapshot. "
    + _CHOOSE
)


def first_shown(without: Mapping[str, str]) -> Mapping[str, Any]:
    """Return which quantity of the layers is shown first; `without` as run_course.lacks."""
    return {"quantity": "weight" if "gradient" in without else DEFAULTS["quantity"]}


def classes(base: str) -> html.Section:
    """Return the error of every class over time; `base` is where the run's data are."""
    return panel(
        "Error of the classes",
        chart(
            Ids.CLASSES,
            "pixelmap",
            label="Error of every class over time",
            url=f"{base}/class-error",
            array="wrong",
            divide="images",
            complement=True,
            labels="names",
            what="class",
            value="error",
            palette="{palette}",
            domain=(0, 1),
            extreme="min",
            format="percent",
            order="{order}",
            maxHeight=340,
            legend=Ids.CLASSES_LEGEND,
            redraw=["palette", "order"],
            say={"noColumns": _NO_SNAPSHOTS, "noRows": _NO_VALIDATION},
        ),
        controls=[
            select(
                bound(Ids.ORDER, "order"),
                "Order of the classes",
                {"recorded": "As recorded", "last": "Highest at the end first"},
                "recorded",
                170,
            ),
            select(
                bound(Ids.PALETTE, "palette"),
                "Colours",
                {"accuracy": "Red to green", "safe": "Colour-blind safe"},
                "accuracy",
                145,
            ),
        ],
        legend=Ids.CLASSES_LEGEND,
    )


def _no_values(lacking: Mapping[str, str]) -> str:
    """Return what stands where all values of a choice are NaN; `lacking` as run_course.lacks."""
    words = [lacking[name] for name in ALL_QUANTITIES if name in lacking]
    if not words:
        return _NO_VALUES
    return f"Every value of this choice is NaN: this run has no {' or '.join(words)}. {_CHOOSE}"


def layers(base: str, lacking: Mapping[str, str]) -> html.Section:
    """Return a statistic of every layer over time; `lacking` as run_course.lacks."""
    quantities = {name: name.replace("_", " ").capitalize() for name in ALL_QUANTITIES}
    first = first_shown(lacking)["quantity"]
    return panel(
        "Layers",
        chart(
            Ids.LAYERS,
            "pixelmap",
            label="A statistic of every layer over time",
            url=f"{base}/layer-profile?quantity={{quantity}}&statistic={{statistic}}",
            array="values",
            labels="names",
            groups="stages",
            what="layer",
            palette="magnitude",
            signedPalette="diverging",
            scaling="{scaling}",
            extreme="absolute",
            maxHeight=648,
            legend=Ids.LAYERS_LEGEND,
            redraw=["scaling"],
            say={"noColumns": _NO_SNAPSHOTS, "noValues": _no_values(lacking)},
        ),
        controls=[
            select(bound(Ids.QUANTITY, "quantity"), "Quantity", quantities, first, 120),
            select(
                bound(Ids.STATISTIC, "statistic"),
                "Statistic",
                labels(LAYER_STATISTICS),
                DEFAULTS["statistic"],
                180,
            ),
            select(
                bound(Ids.SCALING, "scaling"),
                "Scale of the colours",
                {"log": "Log scale", "linear": "Linear scale", "row": "Scale of each layer"},
                DEFAULTS["scaling"],
                170,
            ),
        ],
        legend=Ids.LAYERS_LEGEND,
    )
