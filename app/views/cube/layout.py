"""The page of the cube: modes and controls, a card for every face, the cube, slices beside."""

from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import get_relative_path, html
from numpy.typing import NDArray

from app import store
from app.components.anomaly_controls import CLASS_ORDERS, anomaly_window, only_anomalous
from app.components.attributes import aria, data
from app.components.charts import chart, download
from app.components.controls import labelled, segments, select
from app.components.headings import heading
from app.components.run_course import first_measure
from app.data.cube import LAYERS
from app.selection import bound
from app.view import PageContext
from app.views.cube import words
from app.views.cube.ids import Ids
from db.queries.runs import structure
from db.queries.runs.runs import RunRow, run_manifest
from ingest.analysis.peaks import PEAK_LIMIT


def layout(context: PageContext) -> html.Div:
    """Return the cube of the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the cube is a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    with store.transaction() as session:
        sizes = structure.classes(session, run_id=run.id).image_count
        first = first_measure(run_manifest(session, run_id=run.id))
    return html.Div(
        [
            heading("Cube", download(), live=Ids.LIVE, run=run),
            _controls(run, sizes),
            html.Div(
                [
                    html.Div([_cards(first), _cube(base, len(sizes))], className="cube-main"),
                    html.Aside(_aside(), className="cube-aside", **aria(label="Slices and ranges")),
                ],
                className="cube-body",
            ),
        ],
        className="cube",
        **data(downloads="Cube"),
    )


def _controls(run: RunRow, sizes: NDArray[np.int32]) -> html.Div:
    count = dmc.NumberInput(
        id=bound(Ids.TOP_COUNT, "top"), value=50, min=1, max=PEAK_LIMIT, size="xs", w=72
    )
    return html.Div(
        [
            labelled(
                "Seen from",
                segments(bound(Ids.MODE, "cubeface"), "Seen from", words.MODES, "turned"),
            ),
            labelled(
                "Order of classes",
                select(
                    bound(Ids.ORDER, "classorder"),
                    "Order of classes",
                    CLASS_ORDERS,
                    "similarity",
                    148,
                ),
            ),
            labelled(
                "Filters K",
                count,
                "How many of the most changed filters of an iteration are counted",
            ),
            anomaly_window(Ids.WINDOW, run, sizes, prefix="cube"),
            only_anomalous(Ids.ONLY),
        ],
        className="cube-controls",
    )


def _cards(first: str) -> html.Div:
    """Return the controls of the three faces; `first` is what the front shows at first."""
    colours = select(
        bound(Ids.PALETTE, "palette"), "Colours of the error", words.PALETTES, "accuracy", 132
    )
    tied = dmc.Switch(
        id=bound(Ids.TIED, "cubetied"), label="Beyond chance", size="xs", checked=False
    )
    return html.Div(
        [
            _card(
                "Front",
                [
                    select(
                        bound(Ids.FRONT, "cubefront"),
                        "What the front shows",
                        words.FRONTS,
                        first,
                        164,
                    )
                ],
                caption=Ids.FRONT_CAPTION,
                legend=Ids.FRONT_LEGEND,
            ),
            _card(
                "Top",
                [
                    select(
                        bound(Ids.TOP, "cubetop"), "What the top shows", words.TOPS, "accuracy", 104
                    ),
                    colours,
                ],
                caption=Ids.TOP_CAPTION,
                legend=Ids.TOP_LEGEND,
            ),
            _card(
                "Right",
                [
                    tied,
                    select(
                        bound(Ids.RIGHT, "cellcolour"),
                        "What the right face shows",
                        words.RIGHTS,
                        "count",
                        92,
                    ),
                ],
                caption=Ids.RIGHT_CAPTION,
                legend=Ids.RIGHT_LEGEND,
            ),
        ],
        className="cube-cards",
    )


def _card(title: str, controls: list[Any], *, caption: str, legend: str) -> html.Section:
    return html.Section(
        [
            html.Div([html.H2(title), *controls], className="cube-card-head"),
            html.Span(id=caption, className="cube-caption"),
            html.Span(id=legend, className="cube-legend"),
        ],
        className="cube-card",
    )


def _cube(base: str, classes: int) -> html.Div:
    cards = {
        "front": {"caption": Ids.FRONT_CAPTION, "legend": Ids.FRONT_LEGEND},
        "top": {"caption": Ids.TOP_CAPTION, "legend": Ids.TOP_LEGEND},
        "right": {"caption": Ids.RIGHT_CAPTION, "legend": Ids.RIGHT_LEGEND},
    }
    return chart(
        Ids.CUBE,
        "cube",
        label="The cube of layers, classes and iterations; Tab moves from face to face",
        url=f"{base}/{LAYERS}",
        base=base,
        classes=classes,
        cards=cards,
        controls=Ids.CONTROLS,
        readout=Ids.READOUT,
        measures=words.FRONTS,
        say={"noColumns": words.NO_SNAPSHOTS},
    )


def _aside() -> list[Any]:
    keys = [html.Li([html.Kbd(key), " ", text]) for key, text in words.HELP]
    polite: dict[str, Any] = {"aria-live": "polite"}
    return [
        html.Section(
            [html.H2("Slices and ranges"), html.Div(id=Ids.CONTROLS)], className="cube-panel"
        ),
        html.Ul(keys, className="cube-help"),
        html.Div(id=Ids.READOUT, className="cube-readout", role="status", **polite),
    ]
