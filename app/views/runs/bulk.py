"""What is done with all ticked runs at once: archive, throw away."""

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import require
from app.components.clicks import is_id
from app.errors import notice
from app.ids import Shell
from app.views.runs.ids import Ids
from db.errors import Forbidden, NotFound
from db.permissions import Permission
from db.queries import run_upkeep

MOST = 500


def bulk_bar() -> Component:
    """Return the buttons; app/views/compare/web/choice.ts shows them while something is ticked."""
    return html.Div(
        [
            dcc.Store(id=Ids.TICKED, data=[]),
            dmc.Button("Archive", id=Ids.ARCHIVE_ALL, size="compact-sm", variant="default"),
            dmc.Button(
                "Put into the trash",
                id=Ids.TRASH_ALL,
                size="compact-sm",
                variant="light",
                color="red",
            ),
        ],
        id=Ids.BULK,
        hidden=True,
        className="runs-bulk",
    )


def register(app: Dash) -> None:
    """Add the callback of the buttons."""
    app.callback(
        # The table is read anew, as after a change in the drawer.
        Output(Ids.CHANGED, "data", allow_duplicate=True),
        Output(Shell.NOTICES, "sendNotifications", allow_duplicate=True),
        Input(Ids.ARCHIVE_ALL, "n_clicks"),
        Input(Ids.TRASH_ALL, "n_clicks"),
        State(Ids.TICKED, "data"),
        prevent_initial_call=True,
    )(change_all)


def change_all(archives: object, trashes: object, ticked: object) -> tuple[Any, Any]:
    """Archive the ticked runs or put them into the trash; say which may not be changed by whom."""
    identity = require(Permission.ANNOTATE)
    if not (archives or trashes) or not isinstance(ticked, list) or not ticked:
        raise PreventUpdate
    deed = run_upkeep.archive if ctx.triggered_id == Ids.ARCHIVE_ALL else run_upkeep.trash
    done, refused = 0, ""
    with store.transaction() as session:
        for run_id in ticked[:MOST]:
            if not str(run_id).isascii() or not str(run_id).isdigit() or not is_id(int(run_id)):
                continue
            try:
                deed(session, by=identity.account_id, run_id=int(run_id))
                done += 1
            except (Forbidden, NotFound) as error:
                refused = str(error)
    where = "archived" if deed is run_upkeep.archive else "put into the trash"
    said = f"{done} of {len(ticked)} runs {where}. {refused}".strip()
    return (["all", where, ticked] if done else no_update), [notice(said, failed=bool(refused))]
