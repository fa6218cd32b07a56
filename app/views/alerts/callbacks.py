"""What the alerts page does: show what is new, mark as read, add and remove channels."""

from typing import Any

from dash import ALL, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity, require
from app.callbacks import Callbacks
from app.components import live_table
from app.components.clicks import clicked, is_id, relayed
from app.reading import reads
from app.views.alerts.addresses import checked_address
from app.views.alerts.ids import CHANGES, HOURS, SNOOZES, Button, Ids, Snooze
from app.views.alerts.layout import channels, none_yet, row
from db.errors import Conflict
from db.permissions import Permission
from db.queries.team import alert_snoozes, alerts

callbacks = Callbacks()
register = callbacks.register


@callbacks.callback(
    output={
        "table": live_table.outputs(Ids),
        "channels": Output(Ids.CHANNELS, "children"),
        "newest": Output(Ids.NEWEST, "data"),
        "read": Output(Ids.READ, "display"),
    },
    inputs={
        "causes": [
            Input(Ids.TIMER, "n_intervals"),
            CHANGES.of_any(),
            SNOOZES.of_any(),
            Input(Ids.READ_DONE, "data"),
        ],
        "shown": State(Ids.SHOWN, "data"),
    },
)
@reads
def show(causes: object, shown: object) -> dict[str, Any]:
    """Return the rows and channels; nothing where the timer asks and nothing changed."""
    identity = current_identity()
    may_manage = identity.may(Permission.MANAGE_ALERTS)
    with store.transaction() as session:
        found = alerts.list_alerts(session, account_id=identity.account_id)
        told = alerts.list_channels(session)
    kept = live_table.skip_same(Ids.TIMER, live_table.digest(found, told), shown)
    new = sum(one.unread for one in found)
    count = f"{new:,} new" if new else ""
    may_snooze = identity.may(Permission.MUTE_FINDINGS)
    rows = [row(one, may_snooze=may_snooze) for one in found]
    table = live_table.parts(rows, empty=none_yet(), count=count)
    return {
        "table": {**table, "shown": kept},
        "channels": channels(told, may_manage=may_manage),
        "newest": max((one.id for one in found), default=None),
        "read": "inline-block" if found else "none",
    }


@callbacks.callback(
    Output(Ids.READ_DONE, "data"),
    Input(Ids.READ, "n_clicks"),
    State(Ids.NEWEST, "data"),
    prevent_initial_call=True,
)
def mark_read(clicks: object, newest: object) -> object:
    """Note that the person has read the alerts that the page shows, and no newer ones."""
    identity = current_identity()
    if not isinstance(newest, int) or not is_id(newest):
        raise PreventUpdate
    with store.transaction() as session:
        alerts.mark_seen(session, account_id=identity.account_id, newest=newest)
    return clicks


@callbacks.callback(
    CHANGES.by("add"),
    Output(Ids.PROBLEM, "children"),
    Output(Ids.ADDRESS, "value"),
    Input(Ids.ADD, "n_clicks"),
    State(Ids.KIND, "value"),
    State(Ids.ADDRESS, "value"),
    State(Ids.SEVERITY, "value"),
    prevent_initial_call=True,
)
def add(_clicks: object, kind: object, address: object, severity: object) -> tuple[Any, Any, Any]:
    """Add the channel of the form, or say what is wrong with it."""
    identity = require(Permission.MANAGE_ALERTS)
    try:
        where = checked_address(str(kind), address if isinstance(address, str) else "")
        with store.transaction() as session:
            channel_id = alerts.add_channel(
                session,
                kind=str(kind),
                address=where,
                severity=str(severity),
                account_id=identity.account_id,
                account_name=identity.name,
            )
    except Conflict as error:
        return no_update, str(error), no_update
    return ["added", channel_id], "", ""


@callbacks.callback(
    CHANGES.by("remove"),
    Output(Ids.PROBLEM, "children", allow_duplicate=True),
    relayed(callbacks, Ids.CLICKED, Input({"type": Button.REMOVE, "channel": ALL}, "n_clicks")),
    prevent_initial_call=True,
)
def remove(click: object) -> tuple[list[object], str]:
    """Remove the channel whose button was clicked."""
    identity = require(Permission.MANAGE_ALERTS)
    _, number, _ = clicked(click, "channel")
    with store.transaction() as session:
        alerts.remove_channel(session, channel_id=number, account_id=identity.account_id)
    return ["removed", number], ""


@callbacks.callback(
    SNOOZES.by("choose"),
    relayed(
        callbacks,
        Ids.SNOOZE_CLICKED,
        *(Input({"type": choice, "alert": ALL}, "n_clicks") for choice in Snooze),
    ),
    prevent_initial_call=True,
)
def snooze(click: object) -> list[object]:
    """Snooze the event or the run of the alert whose choice was clicked, or end that."""
    identity = require(Permission.MUTE_FINDINGS)
    name, alert_id, clicks = clicked(click, "alert")
    if name not in list(Snooze):
        raise PreventUpdate
    choice = Snooze(name)
    by: dict[str, Any] = {"account_id": identity.account_id, "account_name": identity.name}
    with store.transaction() as session:
        if choice in (Snooze.EVENT, Snooze.WAKE_EVENT):
            wanted = choice is Snooze.EVENT
            alert_snoozes.snooze_event(session, alert_id=alert_id, snooze=wanted, **by)
        else:
            run_id = alert_snoozes.run_of(session, alert_id=alert_id)
            if choice is Snooze.WAKE_RUN:
                alert_snoozes.wake_run(session, run_id=run_id, account_id=identity.account_id)
            else:
                alert_snoozes.snooze_run(session, run_id=run_id, hours=HOURS[choice], **by)
    return [choice, alert_id, clicks]
