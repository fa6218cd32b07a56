"""The page of the correlation view: controls, grid, strongest cells, the filters of a cell."""

from typing import Any

import dash_mantine_components as dmc
from dash import get_relative_path, html

from app import store
from app.components.attributes import aria, data
from app.components.charts import chart, panel
from app.components.controls import segments, select
from app.views import PageContext
from app.views.correlation import words
from app.views.correlation.data import ASKED, GRID, NAMES
from app.views.correlation.ids import Ids
from db.queries import structure
from db.queries.runs import RunRow
from ingest.analysis.anomalies import default_threshold, default_window
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
    window, threshold = default_window(run.snapshot_count), default_threshold(sizes)
    url = f"{base}/{GRID}"
    return html.Div(
        [
            _title(run, base),
            _controls(run, int(sizes.max(initial=1)), k=window, m=threshold),
            html.Div(
                [
                    html.Div(_grid(base, url), className="correlation-main"),
                    html.Aside([_cells(base, url), _filters(run, base, url)]),
                ],
                className="correlation-body",
            ),
        ],
        className="correlation",
    )


def _title(run: RunRow, base: str) -> html.Header:
    live = chart(
        Ids.LIVE,
        "live",
        label="Loading of the run",
        state=f"{base}/state",
        version=run.version,
        live=True,
    )
    question = html.Span(
        "Which filters changed most at the iterations at which classes were anomalous?",
        className="dt-soft",
    )
    return html.Header([html.H1("Correlation"), question, live], className="correlation-title")


def _labelled(text: str, control: Any, title: str = "") -> html.Label:
    return html.Label([html.Span(text), control], className="correlation-control", title=title)


def _controls(run: RunRow, largest: int, *, k: int, m: int) -> html.Div:
    window = chart(
        Ids.WINDOW,
        "validationwindow",
        label="Window and threshold of anomalies",
        snapshots=max(1, run.snapshot_count),
        largest=max(1, largest),
        k=k,
        m=m,
        prefix="correlation",
    )
    sliders = chart(
        Ids.SLIDERS,
        "correlationsliders",
        label="How many filters of an iteration count, and how heavy a mini-set is shown",
        most=PEAK_LIMIT,
    )
    return html.Div(
        [
            window,
            _labelled("Flips", segments(Ids.DIRECTION, "Flips", words.DIRECTIONS, "both")),
            sliders,
            _labelled(
                "Changed by",
                select(Ids.QUANTITY, "Kind of change", words.QUANTITIES, "relative_change", 148),
            ),
            _labelled("Colour", segments(Ids.COLOUR, "Colour", words.COLOURS, "count")),
            _labelled(
                "Beyond chance",
                select(Ids.SIGNIFICANCE, "Significance", words.SIGNIFICANCES, "0.05", 104),
                "Cells are drawn in full where at most this share of them is there by chance",
            ),
            _labelled(
                "Layers by",
                select(Ids.ROW_ORDER, "Order of layers", words.ROW_ORDERS, "network", 104),
            ),
            _labelled(
                "Classes by",
                select(Ids.COLUMN_ORDER, "Order of classes", words.COLUMN_ORDERS, "strength", 124),
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
    """Return a button that assets/correlationgrid.js understands by its data attribute."""
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
        controls=[html.Span(["See in ", links[0], " or ", links[1]], className="dt-soft")],
    )
