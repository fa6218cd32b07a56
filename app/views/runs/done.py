"""The notice of what was done to runs, by name, with the button that takes it back."""

from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.auth.identity import require
from app.callbacks import Callbacks
from app.components.attributes import aria
from app.views.runs import acts
from app.views.runs.acts import Done
from app.views.runs.ids import CHANGES, Ids
from db.permissions import Permission


def done_notice() -> Component:
    """Return the place of the notice; it stays until it is closed, or something else is done."""
    return html.Div(
        [
            dcc.Store(id=Ids.DONE_UNDO),
            html.Div(
                [
                    html.Span(id=Ids.DONE_TEXT, className="runs-done-text"),
                    dmc.Button("Undo", id=Ids.UNDO, size="compact-sm", display="none"),
                    html.Button(
                        "✕",
                        id=Ids.DISMISS,
                        type="button",
                        className="runs-dismiss",
                        **aria(label="Close this notice"),
                    ),
                ],
                id=Ids.DONE,
                hidden=True,
                className="runs-done",
            ),
        ],
        role="status",
    )


_NOTICE = (
    (Ids.DONE_TEXT, "children"),
    (Ids.DONE, "hidden"),
    (Ids.UNDO, "display"),
    (Ids.DONE_UNDO, "data"),
)
# What leaves the notice as it is.
NOTHING = (no_update,) * (1 + len(_NOTICE))


def outputs(act: str) -> list[Output]:
    """Return what a callback writes that tells what was done: what `tell` returns.

    Every act says so in the one notice, and lets the table be read again.
    """
    return [
        CHANGES.by(act),
        *(Output(id, name, allow_duplicate=True) for id, name in _NOTICE),
    ]


def tell(done: Done, *act: object) -> tuple[Any, ...]:
    """Return the notice of what was done; `act` is anything that tells it from other acts."""
    changed = [*map(str, act), *done.runs] if done.runs else no_update
    return changed, done.text, False, "block" if done.undo else "none", done.undo


callbacks = Callbacks()
register = callbacks.register


@callbacks.callback(
    *outputs("notice"),
    Input(Ids.UNDO, "n_clicks"),
    Input(Ids.DISMISS, "n_clicks"),
    State(Ids.DONE_UNDO, "data"),
    prevent_initial_call=True,
)
def end(undoes: object, dismisses: object, given: object) -> tuple[Any, ...]:
    """Take back what the notice tells of, or close it."""
    identity = require(Permission.SCHEDULE_JOBS)
    if ctx.triggered_id == Ids.DISMISS and dismisses:
        return no_update, "", True, "none", None
    if ctx.triggered_id != Ids.UNDO or not undoes:
        raise PreventUpdate
    done = acts.undo(given, by=identity.account_id)
    if done is None:
        raise PreventUpdate
    return tell(done, "undone", undoes)
