"""What is done with all ticked runs that are in sight: compare, archive, throw away, restore."""

from typing import Any

import dash_mantine_components as dmc
from dash import Input, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.auth.identity import Identity, require
from app.callbacks import Callbacks
from app.components.attributes import data
from app.views.runs import acts, deletion, done
from app.views.runs.choice import compare_link
from app.views.runs.ids import Act, Ids
from db.permissions import Permission


def bulk_bar(identity: Identity) -> Component:
    """Return the bar of the ticked runs, which app/views/runs/web/ticks.ts shows and hides.

    It sends what is ticked and in sight, and nothing else; what is ticked and not in sight the bar
    tells. `data-shelf` says which of the buttons there are (app/views/runs/web/view.css).
    """
    changing = identity.may(Permission.SCHEDULE_JOBS)
    buttons = [
        _button("Archive", Act.ARCHIVE),
        _button("Unarchive", Act.UNARCHIVE),
        _button("Move to trash", Act.TRASH, color="red"),
        _button("Restore", Act.RESTORE),
        *(
            [_button("Delete for good …", Act.PURGE, color="red")]
            if identity.may(Permission.MANAGE_RUNS)
            else []
        ),
    ]
    return html.Div(
        [
            html.Span(className="runs-bulk-said", **data(bulk_said="true")),
            html.Button(
                "Select all that match",
                type="button",
                hidden=True,
                className="runs-bulk-all",
                **data(bulk="matching", most=str(acts.MOST)),
            ),
            *([compare_link()] if identity.may(Permission.COMPARE) else []),
            html.Span(buttons if changing else [], hidden=True, className="runs-bulk-acts"),
            html.Span(
                [
                    html.Span(**data(bulk_hidden="true")),
                    html.Button("Show", type="button", **data(bulk="show")),
                    html.Button("Deselect", type="button", **data(bulk="untick")),
                ],
                hidden=True,
                className="runs-bulk-hidden",
            ),
            html.Button(
                "Show all runs",
                type="button",
                hidden=True,
                className="runs-bulk-all",
                **data(bulk="all"),
            ),
        ],
        id=Ids.BULK,
        hidden=True,
        className="runs-bulk",
        **data(shelf="active", matching="0", match="", matched=""),
    )


def bulk_stores() -> list[Component]:
    """Return where the bar says what it asks for, and which runs alone are listed."""
    return [dcc.Store(id=Ids.ASKED), dcc.Store(id=Ids.ONLY), dcc.Store(id=Ids.MATCHING)]


def _button(text: str, act: Act, color: str | None = None) -> Component:
    return dmc.Button(
        text,
        size="compact-sm",
        variant="light" if color else "default",
        color=color,
        **data(bulk=str(act)),
    )


callbacks = Callbacks()
register = callbacks.register


@callbacks.callback(
    *done.outputs("bulk"),
    *deletion.OPENING,
    Input(Ids.ASKED, "data"),
    prevent_initial_call=True,
)
def change_all(asked: object) -> tuple[Any, ...]:
    """Do what the bar asks for to the runs that it sent; a deletion for good is asked for again."""
    identity = require(Permission.SCHEDULE_JOBS)
    facts = asked if isinstance(asked, dict) else {}
    wanted, chosen = facts.get("act"), acts.read_ids(facts.get("runs"))
    if wanted not in list(Act) or not chosen:
        raise PreventUpdate
    act = Act(wanted)
    if act is Act.PURGE:
        require(Permission.MANAGE_RUNS)
        return *done.NOTHING, *deletion.ask(chosen)
    ended = acts.act_on(act, chosen, by=identity.account_id)
    return *done.tell(ended, act, facts.get("at")), *[no_update] * len(deletion.OPENING)
