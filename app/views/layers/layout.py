"""The page of the layer view: the network with its charts, then comparison, filters, one filter."""

from typing import Any

import dash_mantine_components as dmc
from dash import get_relative_path, html

from app.components.charts import chart, panel
from app.components.controls import segments, select
from app.selection import selection_parts
from app.views import PageContext
from app.views.layers import words
from app.views.layers.ids import Ids

# The charts of this view share one time axis, left of which there is room for the tree.
GROUP = "layers"
DEFAULTS: dict[str, Any] = {"statistic": "std"}


def layout(context: PageContext) -> html.Div:
    """Return the layer view of the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the layer view is a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    tree = f"{base}/layer-tree"
    state = chart(
        Ids.LIVE,
        "live",
        label="Loading of the run",
        state=f"{base}/state",
        version=run.version,
        live=True,
    )
    return html.Div(
        [
            *selection_parts(DEFAULTS),
            html.Div([html.H1("Layers"), state], className="layers-title"),
            _controls(),
            html.Div(
                [
                    html.Div(
                        [
                            _above(),
                            _axis(tree),
                            _network(base, tree),
                            _compare(base, tree),
                            *_filters(base),
                        ],
                        className="layers-main",
                    ),
                    html.Aside([_readout(tree), _top(base)], className="layers-aside"),
                ],
                className="layers-body",
            ),
        ],
        className="layers",
    )


def _controls() -> html.Div:
    return html.Div(
        [
            _labelled("Show", select(Ids.MEASURE, "Quantity", words.MEASURES, "ratio", 168)),
            _labelled(
                "Statistic", select(Ids.STATISTIC, "Statistic", words.STATISTICS, "std", 164)
            ),
            _labelled("Drawn as", segments(Ids.ENCODING, "Encoding", words.ENCODINGS, "line")),
            _labelled("Scale", segments(Ids.SCALE, "Scale", words.SCALES, "log")),
            dmc.Switch(id=Ids.SAME, label="Same for all rows", size="xs", checked=True),
            _labelled("Rows", select(Ids.HEIGHT, "Height of the rows", words.HEIGHTS, "auto", 104)),
        ],
        className="layers-controls",
    )


def _labelled(text: str, control: Any) -> html.Label:
    return html.Label([html.Span(text), control], className="layers-control")


def _network(base: str, tree: str) -> html.Section:
    multiples = chart(
        Ids.MULTIPLES,
        "multiples",
        label="One chart for every layer, block and stage over time",
        url=tree,
        base=base,
        key=Ids.KEY,
        group=GROUP,
    )
    return html.Section(multiples, className="dt-panel")


def _above() -> html.Div:
    """Return what stands above the rows: search, how far open, when settled, and the key."""
    search = dmc.TextInput(
        id=Ids.SEARCH,
        placeholder="Search layers, for instance conv2 or 3x3",
        size="xs",
        value="",
        **{"aria-label": "Search layers"},
    )
    return html.Div(
        [
            html.Div([search, *_levels()], className="layers-find"),
            _settling(),
            html.Div(id=Ids.KEY, className="layers-key"),
        ],
        className="layers-keys",
    )


def _axis(tree: str) -> html.Div:
    """Return the headings of the tree's columns and the time axis, which stay in sight."""
    axis = chart(Ids.AXIS, "axis", label="Time axis: iterations and epochs", url=tree, group=GROUP)
    headings = html.Div(_headings(), className="layers-headings", role="presentation")
    return html.Div([headings, axis], className="layers-axis")


def _levels() -> list[html.Button]:
    """Return the buttons that open the tree down to a level."""
    levels = (("1", "Stages"), ("2", "Blocks"), ("9", "Layers"))
    return [
        _button(
            text, "level", level, "layers-level", f"Show the network down to its {text.lower()}"
        )
        for level, text in levels
    ]


def _button(text: str, name: str, value: str, kind: str, title: str) -> html.Button:
    """Return a button that assets/layerscontrols.js understands by its data attribute."""
    carried: dict[str, Any] = {f"data-{name}": value}
    return html.Button(
        text, type="button", className=kind, title=title, disabled=not value, **carried
    )


def _headings() -> list[html.Button]:
    columns = (
        ("network", "Layer", "In the order of the network", "layers-sort-name"),
        ("", "Kernel", "", "layers-kernel"),
        ("filters", "Filters", "Sort layers by their number of filters", ""),
        ("parameters", "Param.", "Sort layers by their number of parameters", "layers-parameters"),
        ("settles", "Settles", "Sort layers by when they settle", "layers-settled"),
    )
    return [
        _button(text, "sort", name, f"layers-sort {kind}".strip(), title)
        for name, text, title, kind in columns
    ]


def _settling() -> html.Div:
    return html.Div(
        [
            "A layer has settled when ‖update‖ / ‖weight‖ stays below",
            dmc.NumberInput(
                id=Ids.LIMIT,
                value=1e-3,
                min=1e-12,
                step=1e-4,
                size="xs",
                w=92,
                hideControls=True,
                **{"aria-label": "Limit below which a layer has settled"},
            ),
            select(Ids.LIMIT_OF, "What the limit is of", words.LIMITS, "value", 158),
        ],
        className="layers-settling",
    )


def _compare(base: str, tree: str) -> html.Section:
    body = chart(
        Ids.COMPARE,
        "layercompare",
        label="Picked layers over each other",
        url=tree,
        base=base,
        group=GROUP,
    )
    switch = dmc.Switch(id=Ids.NORMALISED, label="Each on its own scale", size="xs", checked=False)
    return panel("Compare", body, controls=[switch])


def _filters(base: str) -> list[html.Section]:
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
        panels=_filter_panels(),
        say={
            "noColumns": words.NO_SNAPSHOTS,
            "noFilter": "Click a filter in the rows above, or in the list of most changed ones.",
        },
    )
    controls = [
        html.Span(id=Ids.FILTERS_FACTS, className="dt-soft"),
        select(
            Ids.FILTER_QUANTITY,
            "Quantity of the filters",
            words.FILTER_QUANTITIES,
            "cosine_change",
            150,
        ),
        select(Ids.FILTER_SCALING, "Scale of the colours", words.FILTER_SCALINGS, "log", 150),
        select(Ids.FILTER_ORDER, "Order of the filters", words.FILTER_ORDERS, "recorded", 130),
    ]
    facts = html.Span(id=Ids.FILTER_FACTS, className="dt-soft layers-facts")
    return [
        panel("Filters", rows, controls=controls, legend=Ids.FILTERS_LEGEND),
        panel("One filter", one, controls=[facts]),
    ]


def _filter_panels() -> list[dict[str, Any]]:
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


def _readout(tree: str) -> html.Div:
    return chart(
        Ids.READOUT,
        "readout",
        label="Values at the cursor",
        url=tree,
        group=GROUP,
        facts=[],
        maps=[
            {"id": Ids.MULTIPLES, "title": "Layer"},
            {"id": Ids.FILTERS, "title": "Filter"},
        ],
    )


def _top(base: str) -> html.Section:
    controls = [
        select(Ids.TOP_QUANTITY, "Changed by", words.TOP_QUANTITIES, "relative_change", 138),
        select(Ids.TOP_SORT, "Order of the list", words.TOP_SORTS, "count", 118),
        dmc.NumberInput(
            id=Ids.TOP_COUNT,
            value=50,
            min=1,
            max=200,
            step=10,
            size="xs",
            w=64,
            **{"aria-label": "How many filters"},
        ),
    ]
    body = chart(
        Ids.TOP,
        "topfilters",
        label="The most changed filters",
        base=base,
        group=GROUP,
    )
    return panel("Most changed filters", body, controls=controls)
