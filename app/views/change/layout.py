"""The page of what changed: the time axis on which snapshots are chosen, a second run, tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, get_relative_path, html

from app import store
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
from db.queries.runs import structure

Choices = list[dict[str, str]]


def layout(context: PageContext) -> html.Div:
    """Return the page of what changed in the run of the context."""
    run = context.run
    if run is None:
        raise ValueError("the page of what changed is one of a run")
    base = get_relative_path(f"/data/run/{run.id}")
    may_compare = context.identity.may(Permission.COMPARE)
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
                _controls(run.id, may_compare=may_compare),
                className="change-controls",
            ),
            dcc.Store(id=Ids.RUN, data=run.id),
            chart(
                Ids.BODY,
                "changes",
                label="What changed",
                url=f"{base}/change?cursor={{cursor}}&pins={{pins}}&layer={{changelayer}}",
                compared=_compared(run.id) if may_compare else None,
            ),
        ],
        className="change",
    )


def _compared(run_id: int) -> str:
    """Return the template of what is asked for about this run and another."""
    chosen = "&cursor={cursor}&otherat={otherat}&layer={changelayer}"
    return f"{get_relative_path('/data/compare/change')}?runs={run_id},{{otherrun}}{chosen}"


def choices(first: Mapping[str, str], others: Sequence[tuple[str, str]]) -> Choices:
    """Return what a choice offers: values and labels."""
    return [{"value": value, "label": label} for value, label in (*first.items(), *others)]


def _layers(run_id: int) -> Choices:
    with store.transaction() as session:
        names = structure.layers(session, run_id=run_id).names
    return choices(MOST_CHANGED, [(str(at), name) for at, name in enumerate(names)])


def _controls(run_id: int, *, may_compare: bool) -> list[Any]:
    layer = select(bound(Ids.LAYER, "changelayer"), "Layer", MOST_CHANGED, "most", 190)
    layer.data = _layers(run_id)
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
