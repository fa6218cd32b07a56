"""The page of the machine: how its charts are drawn, and they themselves in groups."""

from dash import get_relative_path, html

from app.components import scalar_charts
from app.components.headings import heading
from app.view import PageContext
from app.views.machine.ids import Ids

_NOTHING = [
    "Nothing is known of the machine that this run was trained on. The Recorder logs what the "
    "machine does every ten seconds; a training that is over before, one with ",
    html.Code("machine=False"),
    ", and what other tools have logged have nothing to show here.",
]


def layout(context: PageContext) -> html.Div:
    """Return the page; the browser asks which charts there are."""
    run = context.run
    if run is None:
        raise ValueError("the machine is a page of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    return html.Div(
        [
            heading(
                "Machine",
                "what the training had, and what it used",
                scalar_charts.count("machine"),
                live=Ids.LIVE,
                run=run,
            ),
            scalar_charts.drawing("machine"),
            scalar_charts.axis(Ids.AXIS, url=f"{base}/series"),
            *scalar_charts.charts(
                Ids.LIST,
                "machinelist",
                label="What the machine did",
                names=f"{base}/machine-charts",
                lines=f"{base}/scalar-lines",
                nothing=_NOTHING,
                view="machine",
            ),
        ],
        className="scalars machine",
    )
