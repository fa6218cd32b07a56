"""The panels below the network: every filter of the opened layer, and one of them."""

from typing import Any

from dash import html

from app.components.charts import chart, panel
from app.components.controls import select
from app.selection import bound
from app.views.layers import words
from app.views.layers.ids import GROUP, Ids


def filter_panels(base: str) -> list[html.Section]:
    """Return both panels; `base` is where the run's data are."""
    rows = chart(
        Ids.FILTERS,
        "filtermap",
        label="Every filter of the opened layer over time",
        url=f"{base}/filter-rows?layer={{layers}}&quantity={{filterquantity}}",
        base=base,
        group=GROUP,
        array="values",
        labels="names",
        what="filter",
        value="value",
        palette="magnitude",
        signedPalette="diverging",
        scaling="{filterscaling}",
        order="{filterorder}",
        extreme="absolute",
        maxHeight=420,
        rowHeight=14,
        legend=Ids.FILTERS_LEGEND,
        facts=Ids.FILTERS_FACTS,
        redraw=["filterscaling", "filterorder"],
        say={
            "noColumns": words.NO_SNAPSHOTS,
            "noRows": "Click a layer in the network to see all its filters here.",
            "noValues": "Every value of this choice is NaN in this layer. Choose another quantity.",
        },
    )
    one = chart(
        Ids.FILTER,
        "filterseries",
        label="Everything recorded of the chosen filter over time",
        url=f"{base}/filter-series?filter={{filters}}&quantity={{topquantity}}",
        base=base,
        group=GROUP,
        facts=Ids.FILTER_FACTS,
        panels=_strips(),
        say={
            "noColumns": words.NO_SNAPSHOTS,
            "noFilter": "Click a filter in the rows above, or in the list of most changed ones.",
        },
    )
    controls = [
        html.Span(id=Ids.FILTERS_FACTS, className="dt-soft"),
        select(
            bound(Ids.FILTER_QUANTITY, "filterquantity"),
            "Quantity of the filters",
            words.FILTER_QUANTITIES,
            "cosine_change",
            150,
        ),
        select(
            bound(Ids.FILTER_SCALING, "filterscaling"),
            "Scale of the colours",
            words.FILTER_SCALINGS,
            "log",
            150,
        ),
        select(
            bound(Ids.FILTER_ORDER, "filterorder"),
            "Order of the filters",
            words.FILTER_ORDERS,
            "recorded",
            130,
        ),
    ]
    facts = html.Span(id=Ids.FILTER_FACTS, className="dt-soft layers-facts")
    return [
        panel("Filters", rows, controls=controls, legend=Ids.FILTERS_LEGEND),
        panel("One filter", one, controls=[facts]),
    ]


def _strips() -> list[dict[str, Any]]:
    def line(series: str, name: str, colour: str) -> dict[str, str]:
        return {"series": series, "name": name, "colour": f"--dt-{colour}"}

    return [
        {
            "title": "Change",
            "height": 92,
            "log": True,
            "lines": [
                line("relative_change", "relative, since last snapshot", "blue"),
                line("cosine_change", "cosine, since last snapshot", "orange"),
                line("update_ratio", "‖update‖ / ‖weight‖ of one step", "violet"),
            ],
        },
        {
            "title": "Gradient norm",
            "height": 52,
            "log": True,
            "lines": [line("gradient_l2", "L2 of the gradient", "blue")],
        },
        {
            "title": "Weight norm",
            "height": 52,
            "lines": [line("weight_l2", "L2 of the weights", "blue")],
        },
        {
            "title": "Weights",
            "height": 64,
            "lines": [
                line("weight_mean", "mean", "blue"),
                line("weight_std", "standard deviation", "orange"),
            ],
        },
    ]
