"""The dialog that asks before runs in the trash are deleted for good: it names them."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import require
from app.callbacks import Callbacks
from app.components.texts import counted
from app.views.runs import acts, done
from app.views.runs.ids import Act, Ids
from db.errors import NotFound
from db.permissions import Permission
from db.queries.runs import runs
from db.queries.runs.runs import RunRow

# The dialog of the last callback that asked; opening and closing are of several.
OPENING = (
    Output(Ids.DIALOG, "opened", allow_duplicate=True),
    Output(Ids.TO_DELETE, "data", allow_duplicate=True),
    Output(Ids.DELETION, "children", allow_duplicate=True),
)


def dialog() -> Component:
    """Return the closed dialog."""
    return dmc.Modal(
        [
            dcc.Store(id=Ids.TO_DELETE),
            html.Div(id=Ids.DELETION),
            dmc.Group(
                [
                    dmc.Button("Keep in the trash", id=Ids.CANCEL, variant="default"),
                    dmc.Button("Delete for good", id=Ids.CONFIRM, color="red"),
                ],
                justify="flex-end",
                mt="lg",
            ),
        ],
        id=Ids.DIALOG,
        title="Delete for good?",
        opened=False,
        size="lg",
    )


def ask(run_ids: Sequence[int]) -> tuple[Any, Any, Any]:
    """Return what opens the dialog for these runs: what OPENING writes."""
    found: list[RunRow] = []
    with store.transaction() as session:
        for run_id in run_ids:
            try:
                run = runs.get_run(session, run_id=run_id, trashed=True)
            except NotFound:
                continue
            if run.trashed_at is not None:
                found.append(run)
    if not found:
        return no_update, no_update, no_update
    return True, [run.id for run in found], _about(found)


def _about(found: Sequence[RunRow]) -> list[Component]:
    number = f"{len(found):,} runs" if len(found) > 1 else "One run"
    return [
        html.P(
            f"{number} will be deleted from the database with all snapshots, findings and "
            "annotations. This cannot be undone. The logs on disk are kept."
        ),
        html.Ul(
            [
                html.Li(
                    [
                        html.Strong(run.name),
                        html.Span(
                            f" run {run.id}, {counted(run.snapshot_count, 'snapshot')}",
                            className="dt-soft",
                        ),
                    ]
                )
                for run in found
            ],
            className="runs-deletion",
        ),
    ]


callbacks = Callbacks()
register = callbacks.register


@callbacks.callback(
    Output(Ids.DIALOG, "opened"),
    *done.outputs("deletion"),
    Input(Ids.CANCEL, "n_clicks"),
    Input(Ids.CONFIRM, "n_clicks"),
    State(Ids.TO_DELETE, "data"),
    prevent_initial_call=True,
)
def close(cancels: object, confirms: object, to_delete: object) -> tuple[Any, ...]:
    """Delete the runs that the dialog names, or leave them where they are."""
    identity = require(Permission.MANAGE_RUNS)
    if ctx.triggered_id == Ids.CANCEL and cancels:
        return False, *done.NOTHING
    if ctx.triggered_id != Ids.CONFIRM or not confirms:
        raise PreventUpdate
    ended = acts.act_on(Act.PURGE, acts.read_ids(to_delete), by=identity.account_id)
    return False, *done.tell(ended, "deleted", confirms)
