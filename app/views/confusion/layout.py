"""The page of confusion: controls, the matrix, its classes, who moved, the images of a cell."""

import dash_mantine_components as dmc
from dash import get_relative_path, html

from app.components.charts import chart, panel
from app.components.controls import labelled, segments, select
from app.components.headings import heading
from app.selection import bound
from app.view import PageContext
from app.views.confusion.ids import Ids

VIEWS = {"cursor": "At the cursor", "change": "Change since the pin"}
AS = {"count": "Images", "row": "% of true class", "column": "% of predicted class"}
ORDERS = {"data": "Of the data set", "error": "By error", "confusion": "By mutual confusion"}
# A file follows the cursor as the charts do.
_MOMENTS = "at={cursor}&against={confusionagainst}&pins={pins}"
_ASKED = f"{_MOMENTS}&order={{confusionorder}}"


def layout(context: PageContext) -> html.Div:
    """Return the page of confusion of the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the page of confusion is one of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    return html.Div(
        [
            heading("Confusion", "which class is predicted as which", live=Ids.LIVE, run=run),
            _controls(),
            html.Div(
                chart(
                    Ids.AXIS,
                    "axis",
                    label="Time axis: iterations and epochs",
                    url=f"{base}/series",
                ),
                className="dt-scale",
            ),
            html.Div(
                [
                    html.Div([_matrix(base), _classes(base)], className="confusion-main"),
                    html.Aside([_flows(base), _images(base)], className="confusion-aside"),
                ],
                className="confusion-body",
            ),
        ],
        className="confusion",
    )


def _controls() -> html.Div:
    return html.Div(
        [
            labelled(
                "Matrix",
                segments(bound(Ids.VIEW, "confusionview"), "Matrix", VIEWS, "cursor"),
                "As it is at the cursor, or how it differs from the pinned iteration",
            ),
            labelled("Cells", select(bound(Ids.AS, "confusionas"), "Cells", AS, "count", 168)),
            labelled(
                "Order of classes",
                select(bound(Ids.ORDER, "confusionorder"), "Order of classes", ORDERS, "data", 172),
            ),
            dmc.Switch(
                id=bound(Ids.DIAGONAL, "diagonal"), label="Diagonal", size="xs", checked=True
            ),
        ],
        className="confusion-controls",
    )


def _matrix(base: str) -> html.Section:
    return panel(
        "Confusion matrix",
        chart(
            Ids.MATRIX,
            "confusionmatrix",
            label="Confusion matrix: rows are true classes, columns predicted ones",
            url=f"{base}/confusion",
            table=f"{base}/confusion?{_ASKED}",
            base=base,
            legend=Ids.LEGEND,
            redraw=["confusionview", "confusionas", "diagonal", "confusionrows",
                    "confusioncolumns", "confusioncell"],
        ),
        legend=Ids.LEGEND,
    )  # fmt: skip


def _classes(base: str) -> html.Section:
    return panel(
        "Classes",
        chart(
            Ids.CLASSES,
            "confusionclasses",
            label="Precision, recall and F1 of the classes",
            url=f"{base}/confusion",
            table=f"{base}/confusion-classes?{_ASKED}",
            base=base,
            redraw=["classsort"],
        ),
    )


def _flows(base: str) -> html.Section:
    return panel(
        "Who moved",
        chart(
            Ids.FLOWS,
            "confusionflows",
            label="Images whose prediction changed since the pinned iteration",
            url=f"{base}/confusion",
            table=f"{base}/confusion-flows?{_ASKED}",
            base=base,
        ),
    )


def _images(base: str) -> html.Section:
    return panel(
        "Images of a cell",
        chart(
            Ids.IMAGES,
            "confusionimages",
            label="Images of the chosen cell",
            url=f"{base}/confusion",
            base=base,
            table=f"{base}/confusion-images?{_MOMENTS}&cell={{confusioncell}}",
        ),
    )
