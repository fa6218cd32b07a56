"""The page of what changed: the time axis on which two snapshots are chosen, then tables."""

from dash import dcc, get_relative_path, html

from app.components.charts import chart
from app.components.headings import heading
from app.view import PageContext
from app.views.change.ids import Ids


def layout(context: PageContext) -> html.Div:
    """Return the page of what changed in the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the page of what changed is one of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    return html.Div(
        [
            heading("Change", "between the cursor and the last pin", live=Ids.LIVE, run=run),
            html.Div(
                chart(
                    Ids.AXIS, "axis", label="Time axis: iterations and epochs", url=f"{base}/series"
                ),
                className="dt-scale",
            ),
            dcc.Store(id=Ids.RUN, data=run.id),
            html.Div(id=Ids.BODY, className="change-body"),
        ],
        className="change",
    )
