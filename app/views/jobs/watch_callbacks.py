"""What can be done with watched folders: watch one, stop, go on, remove."""

from typing import Any

from dash import ALL, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import require
from app.callbacks import Callbacks
from app.components.clicks import clicked, relayed
from app.views.jobs import places
from app.views.jobs.ids import CHANGES, Ids, WatchButton
from db.errors import Conflict
from db.permissions import Permission
from db.queries.jobs import watches

callbacks = Callbacks()
register = callbacks.register


@callbacks.callback(
    CHANGES.by("watch-new"),
    Output(Ids.WATCH_PROBLEM, "children"),
    Output(Ids.FOLDER, "value"),
    Input(Ids.WATCH, "n_clicks"),
    Input(Ids.FOLDER_SENT, "data"),
    State(Ids.FOLDER, "value"),
    prevent_initial_call=True,
)
def add_watch(_clicks: object, sent: object, typed: object) -> tuple[Any, Any, Any]:
    """Watch a folder, or say why not."""
    identity = require(Permission.SCHEDULE_JOBS)
    if not ctx.triggered_id:
        raise PreventUpdate
    folder = places.sent_or_typed(sent, typed)
    if not folder.strip():
        return no_update, "Enter the folder that contains the runs.", no_update
    try:
        with store.transaction() as session:
            watch_id = watches.add_watch(session, location=folder, by=identity.account_id)
    except Conflict as error:
        return no_update, str(error), no_update
    return ["watch", watch_id], "", ""


@callbacks.callback(
    CHANGES.by("watch"),
    relayed(
        callbacks,
        Ids.WATCH_CLICKED,
        *(Input({"type": button, "watch": ALL}, "n_clicks") for button in WatchButton),
    ),
    prevent_initial_call=True,
)
def change_watch(click: object) -> list[Any]:
    """Stop watching a folder, go on, or forget it."""
    identity = require(Permission.SCHEDULE_JOBS)
    button, watch_id, clicks = clicked(click, "watch")
    by = identity.account_id
    with store.transaction() as session:
        if button == WatchButton.REMOVE:
            watches.delete_watch(session, watch_id=watch_id, by=by)
        elif button in (WatchButton.ON, WatchButton.OFF):
            active = button == WatchButton.ON
            watches.switch_watch(session, watch_id=watch_id, active=active, by=by)
        else:
            raise PreventUpdate
    return [button, watch_id, clicks]
