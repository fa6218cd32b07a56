"""The page of the layer view: the network with its charts, then comparison, filters, one filter."""

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import get_relative_path, html

from app import store
from app.components.attributes import data
from app.components.charts import chart, download, panel
from app.components.controls import select
from app.components.headings import heading
from app.components.run_course import first_measure
from app.data.layer_pieces import piece_of
from app.selection import bound
from app.view import PageContext
from app.views.layers import words
from app.views.layers.controls import above, controls, headings
from app.views.layers.filterpanels import filter_panels
from app.views.layers.ids import GROUP, Ids
from db.queries.runs.runs import RunRow, run_manifest


def defaults(context: PageContext) -> Mapping[str, Any]:
    """Return what the run of the context shows first: its weights, where it has no updates.

    The front of the cube is told by the same reading of the manifest.
    """
    run = context.run
    if run is None:
        raise ValueError("the layer view is a page of a run")
    first = _first(run)
    return {"measure": first, "cubefront": first}


def _first(run: RunRow) -> str:
    with store.transaction() as session:
        return first_measure(run_manifest(session, run_id=run.id))


def layout(context: PageContext) -> html.Div:
    """Return the layer view of the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the layer view is a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    tree = f"{base}/layer-tree"
    piece = piece_of(run.snapshot_count)
    return html.Div(
        [
            heading("Layers", live=Ids.LIVE, run=run),
            controls(_first(run)),
            html.Div(
                [
                    html.Div(
                        [
                            above(),
                            _axis(tree),
                            _network(base, tree, piece),
                            _magnitudes(base),
                            _compare(base, tree, piece),
                            *filter_panels(base),
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


def _network(base: str, tree: str, piece: int) -> html.Section:
    multiples = chart(
        Ids.MULTIPLES,
        "multiples",
        label="One chart for every layer, block and stage over time",
        url=tree,
        base=base,
        piece=piece,
        key=Ids.KEY,
        count=Ids.SETTLED,
        group=GROUP,
        table=f"{base}/layer-rows?measure={{measure}}&statistic={{statistic}}",
    )
    named = data(downloads="Layers")
    return html.Section([multiples, download()], className="dt-panel", **named)


def _axis(tree: str) -> html.Div:
    """Return the headings of the tree's columns and the time axis, which stay in sight."""
    axis = chart(Ids.AXIS, "axis", label="Time axis: iterations and epochs", url=tree, group=GROUP)
    columns = html.Div(headings(), className="layers-headings", role="presentation")
    return html.Div([columns, axis], className="dt-scale")


def _magnitudes(base: str) -> html.Section:
    body = chart(
        Ids.MAGNITUDES,
        "magnitudes",
        label="One line for every layer, on a logarithmic scale",
        url=f"{base}/layer-magnitudes?magnitude={{magnitude}}",
        tree=Ids.MULTIPLES,
        what=words.MAGNITUDES,
        group=GROUP,
    )
    choice = select(
        bound(Ids.MAGNITUDE, "magnitude"), "What of every layer", words.MAGNITUDES, "ratio", 330
    )
    return panel("All layers in one chart", body, controls=[choice])


def _compare(base: str, tree: str, piece: int) -> html.Section:
    body = chart(
        Ids.COMPARE,
        "layercompare",
        label="Overlay of the selected layers",
        url=tree,
        base=base,
        piece=piece,
        group=GROUP,
        table=f"{base}/layer-rows?measure={{measure}}&statistic={{statistic}}",
    )
    switch = dmc.Switch(
        id=bound(Ids.NORMALISED, "normalised"),
        label="Each on its own scale",
        size="xs",
        checked=False,
    )
    return panel("Compare", body, controls=[switch])


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
        select(
            bound(Ids.TOP_QUANTITY, "topquantity"),
            "Changed by",
            words.TOP_QUANTITIES,
            "relative_change",
            138,
        ),
        select(bound(Ids.TOP_SORT, "topsort"), "Order of the list", words.TOP_SORTS, "count", 118),
        dmc.NumberInput(
            id=bound(Ids.TOP_COUNT, "top"),
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
        table=f"{base}/top-filters?iteration={{cursor}}&quantity={{topquantity}}&k={{top}}",
    )
    return panel("Most changed filters", body, controls=controls)
