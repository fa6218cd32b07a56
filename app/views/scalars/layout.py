"""The page of scalars: a search, how all are drawn, and a chart for each name, in groups."""

from dash import get_relative_path, html
from dash.development.base_component import Component

from app.components import scalar_charts
from app.components.headings import live_state
from app.view import PageContext
from app.views.scalars.ids import Ids

_NOTHING = [
    "This run has no scalars. Numbers given to ",
    html.Code("recorder.step(train_loss=loss)"),
    " or ",
    html.Code("recorder.log(...)"),
    " are drawn here, whatever their names are.",
]


def layout(context: PageContext) -> Component:
    """Return the page; the browser asks which charts there are."""
    run = context.run
    if run is None:
        raise ValueError("the scalars are a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    return html.Div(
        [
            html.Div(
                [
                    html.H1(f"Scalars of {run.name}"),
                    scalar_charts.count(),
                    live_state(Ids.LIVE, run),
                ],
                className="dt-page-head",
            ),
            scalar_charts.controls(over=True),
            scalar_charts.axis(Ids.AXIS, url=f"{base}/series"),
            *scalar_charts.charts(
                Ids.LIST,
                "scalarlist",
                label="The scalars",
                names=f"{base}/scalar-names",
                lines=f"{base}/scalar-lines",
                nothing=_NOTHING,
            ),
        ],
        className="scalars",
    )
