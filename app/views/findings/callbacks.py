"""What the findings page does: show, filter, mute with a reason, set thresholds."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity, require
from app.binary import register_state
from app.callbacks import Callbacks
from app.components import live_table
from app.components.clicks import relayed, touched
from app.reading import reads
from app.views.findings import marking
from app.views.findings.data import marks
from app.views.findings.good import good_part
from app.views.findings.ids import CHANGES, MARKS, Ids, Item
from app.views.findings.layout import (
    LIVE_MS,
    QUIET_MS,
    SEVERITIES,
    not_judged,
    rule_table,
)
from app.views.findings.shown import answer_entries, batches_behind, cards, status, told_of
from app.views.findings.thresholds import save_thresholds, team_thresholds
from db.errors import Conflict
from db.permissions import Permission
from db.queries.runs import findings
from ingest.analysis.health.sentences import worded

callbacks = Callbacks()

# Findings of which there are cards at first, the worst ones, and how many more come at a time.
CARDS = 20


def register(app: Dash) -> None:
    """Add the page's callbacks and its route to the application."""
    callbacks.register(app)
    marking.register(app)
    register_state(app.server, "findings", marks)
    app.callback(
        Output(Ids.SAVED, "children"),
        Output(Ids.SAVE_PROBLEM, "children"),
        Input(Ids.SAVE, "n_clicks"),
        State({"type": Item.THRESHOLD, "rule": ALL}, "value"),
        State({"type": Item.THRESHOLD, "rule": ALL}, "id"),
        State(Ids.LIMITS, "data"),
        prevent_initial_call=True,
    )(save_thresholds)


def _run_id(data: object) -> int:
    if isinstance(data, int) and not isinstance(data, bool) and 0 < data < 2**31:
        return data
    raise PreventUpdate


@callbacks.callback(
    output={
        "answers": Output(Ids.ANSWERS, "children"),
        "batches": Output(Ids.BATCHES, "children"),
        "cards": Output(Ids.LIST, "children"),
        "more": Output(Ids.MORE, "children"),
        "more_style": Output(Ids.MORE, "style"),
        "not_judged": Output(Ids.NOT_JUDGED, "children"),
        "good": Output(Ids.GOOD, "children"),
        "status": Output(Ids.STATUS, "children"),
        "rules": Output(Ids.RULES, "children"),
        "interval": Output(Ids.TIMER, "interval"),
        "shown": Output(Ids.SHOWN, "data"),
        "limits": Output(Ids.LIMITS, "data"),
    },
    inputs={
        "causes": [
            Input(Ids.TIMER, "n_intervals"),
            CHANGES.of_any(),
            MARKS.of_any(),
            Input(Ids.SAVED, "children"),
        ],
        "severity": Input(Ids.SEVERITY, "value"),
        "with_muted": Input(Ids.WITH_MUTED, "checked"),
        "more": Input(Ids.MORE, "n_clicks"),
    },
    state={"run": State(Ids.RUN, "data"), "shown": State(Ids.SHOWN, "data")},
)
@reads
def show(
    causes: object,
    severity: object,
    with_muted: object,
    more: object,
    run: object,
    shown: object,
) -> dict[str, Any]:
    """Return what the page shows; nothing where the timer asks and nothing changed."""
    identity = current_identity()
    told = told_of(_run_id(run), identity)
    wanted = severity if isinstance(severity, str) and severity in SEVERITIES else "all"
    most = CARDS * (1 + (more if isinstance(more, int) and 0 < more < 10_000 else 0))
    state = live_table.digest(told.parts(), wanted, bool(with_muted), most)
    kept = live_table.skip_same(Ids.TIMER, state, shown)
    listed = told.listed(wanted, with_muted=bool(with_muted))
    further = len(listed) - most
    # Who is typing a threshold must not lose it to the timer.
    table: Any = no_update
    given: Any = no_update
    may_set = identity.may(Permission.SET_THRESHOLDS)
    if ctx.triggered_id != Ids.TIMER:
        given = team_thresholds(told.limits)
        table = rule_table(told.limits, may_set=may_set)
    return {
        "answers": answer_entries(told),
        "batches": batches_behind(told),
        "cards": cards(told, listed[:most], wanted, identity, with_muted=bool(with_muted)),
        "more": f"Show {min(CARDS, further):,} of {further:,} more",
        "more_style": {} if further > 0 else {"display": "none"},
        "not_judged": not_judged(told.answers, imported=told.imported),
        "good": good_part(told.run.id, told.good, told.found, may_mark=may_set),
        "status": status(told),
        "rules": table,
        "interval": LIVE_MS if told.run.recording else QUIET_MS,
        "shown": kept,
        "limits": given,
    }


@callbacks.callback(
    Output(Ids.DIALOG, "opened"),
    Output(Ids.ASKED, "data"),
    Output(Ids.ABOUT, "children"),
    Output(Ids.REASON, "value"),
    Output(Ids.PROBLEM, "children", allow_duplicate=True),
    relayed(callbacks, Ids.MUTE_CLICKED, Input({"type": Item.MUTE, "key": ALL}, "n_clicks")),
    State(Ids.RUN, "data"),
    prevent_initial_call=True,
)
@reads
def open_dialog(click: object, run: object) -> tuple[Any, ...]:
    """Open the dialog for the finding whose button was clicked."""
    require(Permission.READ_RUNS)
    key = _clicked_key(click, Item.MUTE)
    with store.transaction() as session:
        listed = findings.list_findings(session, run_id=_run_id(run))
    found = next((f for f in listed if f.key == key), None)
    if found is None:
        raise PreventUpdate
    return True, key, worded(found.text), "", ""


def _clicked_key(click: object, kind: Item) -> str:
    button, key, _ = touched(click, "key")
    if button != kind:
        raise PreventUpdate
    return str(key)


@callbacks.callback(
    CHANGES.by("mute"),
    Output(Ids.PROBLEM, "children"),
    Output(Ids.DIALOG, "opened", allow_duplicate=True),
    Input(Ids.CONFIRM, "n_clicks"),
    State(Ids.ASKED, "data"),
    State(Ids.REASON, "value"),
    State(Ids.RUN, "data"),
    prevent_initial_call=True,
)
def mute(clicks: object, asked: object, reason: object, run: object) -> tuple[Any, Any, Any]:
    """Mute the finding that the dialog is about and close it, or say what is missing."""
    identity, run_id = require(Permission.MUTE_FINDINGS), _run_id(run)
    key = str(asked)
    try:
        with store.transaction() as session:
            findings.mute_finding(
                session,
                run_id=run_id,
                key=key,
                reason=reason if isinstance(reason, str) else "",
                account_id=identity.account_id,
                account_name=identity.name,
            )
    except Conflict as error:
        return no_update, str(error), no_update
    return ["muted", key, clicks], "", False


@callbacks.callback(
    CHANGES.by("unmute"),
    relayed(callbacks, Ids.UNMUTE_CLICKED, Input({"type": Item.UNMUTE, "key": ALL}, "n_clicks")),
    State(Ids.RUN, "data"),
    prevent_initial_call=True,
)
def unmute(click: object, run: object) -> list[object]:
    """Let the muted finding whose button was clicked count again."""
    identity, run_id = require(Permission.MUTE_FINDINGS), _run_id(run)
    key = _clicked_key(click, Item.UNMUTE)
    with store.transaction() as session:
        findings.unmute_finding(session, run_id=run_id, key=key, account_id=identity.account_id)
    return ["unmuted", key]
