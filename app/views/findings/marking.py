"""Marks the run of the page as good, or takes that back."""

from dash import ALL, Input
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import require
from app.callbacks import Callbacks
from app.components.clicks import clicked, relayed
from app.views.findings.ids import MARKS, Ids, Item
from db.permissions import Permission
from db.queries.runs import good_runs

callbacks = Callbacks()
register = callbacks.register


@callbacks.callback(
    MARKS.by("mark"),
    relayed(
        callbacks,
        Ids.GOOD_CLICKED,
        *(Input({"type": kind, "run": ALL}, "n_clicks") for kind in (Item.MARK, Item.UNMARK)),
    ),
    prevent_initial_call=True,
)
def mark(click: object) -> list[object]:
    """Mark the run of the button as good for its recipe, or take that back."""
    identity = require(Permission.SET_THRESHOLDS)
    button, run_id, clicks = clicked(click, "run")
    if button not in (Item.MARK, Item.UNMARK):
        raise PreventUpdate
    by = {"account_id": identity.account_id}
    with store.transaction() as session:
        if button == Item.MARK:
            good_runs.mark_good(session, run_id=run_id, account_name=identity.name, **by)
        else:
            good_runs.unmark_good(session, run_id=run_id, **by)
    return [button, run_id, clicks]
