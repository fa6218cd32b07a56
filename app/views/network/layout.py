"""The page of the network: what colours it, the time axis, the graph, and the same as a list."""

from typing import Any

import dash_mantine_components as dmc
from dash import get_relative_path, html

from app import store
from app.components.attributes import aria, data
from app.components.charts import chart, download
from app.components.controls import labelled, segments, select
from app.components.headings import heading
from app.components.run_course import first_measure
from app.data.network_fold import BLOCKS, LAYERS, STAGES
from app.selection import bound
from app.view import PageContext
from app.views.network import words
from app.views.network.ids import GROUP, Ids
from db.queries.runs.runs import run_graph, run_manifest
from deeptracker.catalogue import MEASURES

# The graph as far as somebody opened it: app/data/network.py.
GRAPH = "network-graph?level={networklevel}&toggled={networktoggled}"
_LEVELS = ((str(STAGES), "Stages"), (str(BLOCKS), "Blocks"), (str(LAYERS), "Layers"))


def layout(context: PageContext) -> html.Div:
    """Return the view of the network of the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the network is a page of a run")
    with store.transaction() as session:
        graph = run_graph(session, run_id=run.id) or {}
        first = first_measure(run_manifest(session, run_id=run.id))
    base = get_relative_path(f"/data/run/{run.id}")
    return html.Div(
        [
            heading("Network", live=Ids.LIVE, run=run),
            *([] if graph.get("nodes") else [_missing(str(graph.get("missing") or ""))]),
            _controls(first),
            chart(
                Ids.AXIS,
                "axis",
                label="Time axis: iterations and epochs",
                url=f"{base}/{GRAPH}",
                group=GROUP,
            ),
            _graph(base, get_relative_path(f"/run/{run.id}/layers")),
        ],
        className="network",
    )


def _missing(why: str) -> html.P:
    """Return why there are no edges, and how to have them."""
    text = f"{words.NOT_RECORDED}: {why or words.HOW}."
    return html.P(
        [text, " The layers stand here in the order in which the network defines them."],
        className="network-missing",
        role="note",
    )


def _controls(first: str) -> html.Div:
    """Return what colours the graph, and what is sought; `first` is the quantity at first."""
    search = dmc.TextInput(
        id=bound(Ids.SEARCH, "networksearch"),
        placeholder="Search: conv2, add",
        size="xs",
        w=170,
        value="",
        **aria(label="Search the graph"),
    )
    measure, statistic = bound(Ids.MEASURE, "measure"), bound(Ids.STATISTIC, "statistic")
    return html.Div(
        [
            labelled("Coloured by", select(measure, "Quantity", MEASURES, first, 220)),
            labelled("Scale", segments(bound(Ids.SCALE, "scale"), "Scale", words.SCALES, "log")),
            labelled("Find", search),
            labelled("Statistic", select(statistic, "Statistic", words.STATISTICS, "std", 164)),
            labelled(
                "Folded",
                select(
                    bound(Ids.OF, "networkof"), "What a folded block shows", words.OF, "mean", 168
                ),
            ),
        ],
        className="network-controls",
    )


def _graph(base: str, page: str) -> html.Section:
    drawn = chart(
        Ids.GRAPH,
        "networkgraph",
        label="The network as a graph",
        url=f"{base}/{GRAPH}",
        base=base,
        group=GROUP,
        page=page,
        facts=Ids.FACTS,
        legend=Ids.LEGEND,
        list=Ids.LIST,
        redraw=["measure", "statistic", "scale", "cursor", "layers", "networksearch", "networkof"],
        table=f"{base}/layer-rows?measure={{measure}}&statistic={{statistic}}",
    )
    head: list[Any] = [
        html.Span(id=Ids.FACTS, className="dt-soft", role="status"),
        html.Span(id=Ids.LEGEND, className="dt-panel-legend"),
        html.Div(
            [
                "Open to",
                *(
                    _button(text, f"Show the network down to its {text.lower()}", opento=level)
                    for level, text in _LEVELS
                ),
            ],
            className="network-buttons network-levels",
            role="group",
            **aria(label="How far the network is open"),
        ),
        html.Div(
            [
                _button("−", "Zoom out", zoom="out"),
                _button("+", "Zoom in", zoom="in"),
                _button("Fit", "Show the whole network", zoom="fit"),
            ],
            className="network-buttons",
            role="group",
            **aria(label="Zoom"),
        ),
        download(),
    ]
    as_list = html.Details(
        [html.Summary("The graph as a list"), html.Div(id=Ids.LIST)], className="network-listed"
    )
    return html.Section(
        [html.Div(head, className="dt-panel-head"), drawn, as_list],
        className="dt-panel",
        **data(downloads="Network"),
    )


def _button(text: str, title: str, **carried: str) -> html.Button:
    """Return a button that app/views/network/web/input.ts understands by its data attribute."""
    return html.Button(text, type="button", title=title, **data(**carried), **aria(label=title))
