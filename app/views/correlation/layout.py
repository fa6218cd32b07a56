"""The page of the correlation view: controls, grid, strongest cells, the filters of a cell."""

import dash_mantine_components as dmc
import numpy as np
from dash import get_relative_path, html
from numpy.typing import NDArray

from app import store
from app.components.anomaly_controls import anomaly_window
from app.components.attributes import aria, data
from app.components.charts import chart, panel
from app.components.controls import labelled, segments, select
from app.components.headings import heading
from app.data.correlation import ASKED, GRID, NAMES
from app.selection import bound
from app.view import PageContext
from app.views.correlation import words
from app.views.correlation.ids import Ids
from db.queries.runs import structure
from db.queries.runs.runs import RunRow
from ingest.analysis.peaks import PEAK_LIMIT

# Columns are anomalous iterations here, not snapshots: an axis of their own.
GROUP = "correlation"


def layout(context: PageContext) -> html.Div:
    """Return the correlation view of the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the correlation view is a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    with store.transaction() as session:
        sizes = structure.classes(session, run_id=run.id).image_count
    url = f"{base}/{GRID}"
    return html.Div(
        [
            heading("Correlation", words.QUESTION, live=Ids.LIVE, run=run),
            _controls(run, sizes),
            html.Div(
                [
                    html.Div(_grid(base, url), className="correlation-main"),
                    html.Aside(
                        [_cells(base, url), _filters(run, base, url)],
                        **aria(label="Strongest cells, filters of a cell"),
                    ),
                ],
                className="correlation-body",
            ),
        ],
        className="correlation",
    )


def _controls(run: RunRow, sizes: NDArray[np.int32]) -> html.Div:
    sliders = chart(
        Ids.SLIDERS,
        "correlationsliders",
        label="How many filters of an iteration count, and how heavy a mini-set is shown",
        most=max(1, min(PEAK_LIMIT, run.filter_count)),
        filters=run.filter_count,
    )
    return html.Div(
        [
            anomaly_window(Ids.WINDOW, run, sizes, prefix="correlation"),
            labelled(
                "Flips",
                segments(bound(Ids.DIRECTION, "direction"), "Flips", words.DIRECTIONS, "both"),
            ),
            sliders,
            labelled(
                "Colour",
                segments(bound(Ids.COLOUR, "cellcolour"), "Colour", words.COLOURS, "count"),
            ),
            labelled(
                "Changed by",
                select(
                    bound(Ids.QUANTITY, "topquantity"),
                    "Kind of change",
                    words.QUANTITIES,
                    "relative_change",
                    148,
                ),
            ),
            labelled(
                "Beyond chance",
                select(
                    bound(Ids.SIGNIFICANCE, "significance"),
                    "Significance",
                    words.SIGNIFICANCES,
                    "0.05",
                    104,
                ),
                "Cells are drawn in full where at most this share of them is there by chance",
            ),
            labelled(
                "Layers by",
                select(
                    bound(Ids.ROW_ORDER, "roworder"),
                    "Order of layers",
                    words.ROW_ORDERS,
                    "network",
                    104,
                ),
            ),
            labelled(
                "Classes by",
                select(
                    bound(Ids.COLUMN_ORDER, "columnorder"),
                    "Order of classes",
                    words.COLUMN_ORDERS,
                    "strength",
                    124,
                ),
            ),
        ],
        className="correlation-controls",
    )


def _grid(base: str, url: str) -> html.Section:
    grid = chart(
        Ids.GRID,
        "correlationgrid",
        label="Layers by classes: how many of a layer's filters were among the most changed",
        url=url,
        detail=f"{base}/correlation-detail?{ASKED}",
        names=f"{base}/{NAMES}",
        group=GROUP,
        legend=Ids.LEGEND,
    )
    split = html.Span(
        [
            _button("Iterations", "columns", "Split all classes into their anomalous iterations"),
            _button("Mini-sets", "rows", "Split all layers into their mini-sets"),
        ],
        className="correlation-split",
        role="group",
        **aria(label="Split all"),
    )
    return panel("Layers by classes", grid, controls=[split], legend=Ids.LEGEND)


def _button(text: str, what: str, title: str) -> html.Button:
    """Return a button that app/views/correlation/web/grid.ts understands by its data attribute."""
    carried = {**data(split=what), **aria(pressed="false")}
    return html.Button(text, type="button", className="dt-button", title=title, **carried)


def _cells(base: str, url: str) -> html.Section:
    return panel(
        "Strongest cells",
        chart(
            Ids.CELLS,
            "correlationcells",
            label="Strongest cells",
            url=url,
            names=f"{base}/{NAMES}",
            group=GROUP,
        ),
    )


def _filters(run: RunRow, base: str, url: str) -> html.Section:
    links = [
        html.Span(
            dmc.Anchor(text, href=get_relative_path(f"/run/{run.id}/{view}"), size="xs"),
            title=title,
        )
        for text, view, title in (
            ("Layers", "layers", "See the chosen layer and filters in the layer view"),
            ("Validation", "validation", "See the chosen class in the validation view"),
        )
    ]
    return panel(
        "Filters of the cell",
        chart(
            Ids.FILTERS,
            "correlationfilters",
            label="Filters of the chosen cell",
            url=url,
            names=f"{base}/{NAMES}",
            filters=f"{base}/correlation-filters?{ASKED}",
            series=f"{base}/correlation-series?quantity={{topquantity}}",
            table=f"{base}/correlation-filters?{ASKED}&cell={{cell}}",
            group=GROUP,
        ),
        controls=[html.Span([links[0], " · ", links[1]], className="correlation-links")],
    )
