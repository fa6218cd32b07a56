"""The page of distributions: what is shown and how, then a small chart for each layer or block."""

from typing import Any

import dash_mantine_components as dmc
from dash import get_relative_path, html
from dash.development.base_component import Component

from app.components.attributes import aria, data
from app.components.charts import chart, download
from app.components.controls import labelled, segments, select
from app.components.headings import heading
from app.components.not_recorded import was_imported
from app.components.other_run import other_run
from app.selection import bound
from app.view import PageContext
from app.views.distributions import words
from app.views.distributions.ids import Ids
from db.permissions import Permission


def layout(context: PageContext) -> Component:
    """Return the page of the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the distributions are a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    charts = chart(
        Ids.CHARTS,
        "distributions",
        label="Histograms or percentiles of every part of the network",
        url=f"{base}/distribution-nodes",
        base=base,
        compare=get_relative_path("/data/compare/distributions"),
        run=run.id,
        name=run.name,
        count=Ids.COUNT,
        key=Ids.KEY,
        missed=words.missing(converted=was_imported(run.id)),
        table=f"{base}/distributions?quantity={{distributionquantity}}"
        "&level={distributionlevel}&mode={distributionmode}",
    )
    return html.Div(
        [
            heading("Distributions", live=Ids.LIVE, run=run),
            _controls(run.id, may_compare=context.identity.may(Permission.COMPARE)),
            html.Section(
                [
                    html.Div(
                        [
                            html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                            download(),
                        ],
                        className="dt-panel-head distributions-panel-head",
                    ),
                    html.Div(id=Ids.KEY, className="dt-panel-legend distributions-key"),
                    charts,
                ],
                className="dt-panel",
                **data(downloads="Distributions"),
            ),
        ],
        className="distributions",
    )


def _controls(run_id: int, *, may_compare: bool) -> html.Div:
    quantity = bound(Ids.QUANTITY, "distributionquantity")
    level = bound(Ids.LEVEL, "distributionlevel")
    mode = bound(Ids.MODE, "distributionmode")
    scale = bound(Ids.SCALE, "distributionscale")
    snapshots = bound(Ids.RIDGES, "ridges")
    search = dmc.TextInput(
        id=bound(Ids.SEARCH, "distributionsearch"),
        placeholder="Search: conv2, layer1",
        size="xs",
        w=150,
        value="",
        **aria(label="Search layers"),
    )
    parts: list[Any] = [
        labelled("Of", select(quantity, "Quantity", words.QUANTITIES, "weight", 112)),
        labelled("Of each", segments(level, "Part of the network", words.LEVELS, "layer")),
        labelled("Drawn as", segments(mode, "Drawn as", words.MODES, "offset")),
        labelled("Values", segments(scale, "Scale of the values", words.SCALES, "linear")),
        labelled(
            "Over",
            select(bound(Ids.X, "distributionx"), "Time axis", words.OVER, "iteration", 160),
            "What the snapshots lie over: their iterations, epochs, or when they were recorded",
        ),
        labelled(
            "Snapshots",
            select(snapshots, "Most snapshots", words.RIDGES, "20", 72),
            "How many snapshots an offset or an overlay shows, besides the one at the cursor",
        ),
        labelled("Find", search),
    ]
    if may_compare:
        parts.append(labelled("Compare with", other_run(Ids.OTHER, run_id)))
    return html.Div(parts, className="distributions-controls")
