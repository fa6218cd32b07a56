"""The page of what changed: the time axis on which snapshots are chosen, a second run, tables."""

from typing import Any

from dash import dcc, get_relative_path, html

from app.components.charts import chart
from app.components.controls import labelled, select
from app.components.headings import heading
from app.components.other_run import other_run
from app.data.change_runs import SAME
from app.selection import bound
from app.view import PageContext
from app.views.change.ids import Ids
from app.views.change.words import MOST_CHANGED, OTHER_SNAPSHOTS
from db.permissions import Permission


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
            html.Div(
                _controls(run.id, may_compare=context.identity.may(Permission.COMPARE)),
                className="change-controls",
            ),
            dcc.Store(id=Ids.RUN, data=run.id),
            html.Div(id=Ids.BODY, className="change-body"),
        ],
        className="change",
    )


def _controls(run_id: int, *, may_compare: bool) -> list[Any]:
    layer = select(bound(Ids.LAYER, "changelayer"), "Layer", MOST_CHANGED, "most", 190)
    layer.searchable = True
    parts: list[Any] = [labelled("Weights of", layer)]
    if not may_compare:
        return parts
    at = select(bound(Ids.OTHER_AT, "otherat"), "Its snapshot", OTHER_SNAPSHOTS, SAME, 190)
    at.searchable = True
    # A run may have thousands of snapshots; what is typed is found among all.
    at.limit = 100
    holder = html.Div(labelled("Its snapshot", at), id=Ids.OTHER_AT_HOLDER, hidden=True)
    return [labelled("Against", other_run(Ids.OTHER, run_id)), holder, *parts]
