"""The team's views of the table of runs: opened, saved and deleted beside its columns."""

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, dcc, get_relative_path, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import Identity, current_identity, require
from app.callbacks import Callbacks
from app.components.attributes import aria, data
from app.components.clicks import clicked, relayed, text
from app.reading import reads
from app.views.runs.ids import CHANGES, VIEW_DELETE, Ids
from app.views.runs.rows import read_state
from db.errors import Conflict, Forbidden, NotFound
from db.permissions import Permission
from db.queries.team import table_views
from db.queries.team.table_views import TableViewRow


def view_choice(identity: Identity) -> Component:
    """Return the list of views that opens, with the form that saves one."""
    form = [
        dmc.TextInput(id=Ids.VIEW_NAME, label="Save this table for the team as", size="sm"),
        dmc.Button("Save view", id=Ids.VIEW_SAVE, size="compact-sm", mt="xs"),
        html.P(id=Ids.VIEW_SAID, className="dt-soft", role="status"),
    ]
    may = identity.may(Permission.SHARE_VIEWS)
    return html.Details(
        [
            dcc.Store(id=Ids.VIEW_CLICKED),
            html.Summary("Views", id=Ids.VIEWS_OPEN, className="dt-columns-open"),
            html.Div(
                [
                    html.Ul(id=Ids.VIEWS, className="runs-views"),
                    html.Div(form, hidden=not may),
                ],
                className="dt-columns-panel",
            ),
        ],
        className="dt-columns",
    )


callbacks = Callbacks()
register = callbacks.register


@callbacks.callback(
    Output(Ids.VIEWS, "children"),
    Input(Ids.VIEWS_OPEN, "n_clicks"),
    CHANGES.of_any(),
    prevent_initial_call=True,
)
@reads
def show_views(_clicks: object, _changed: object) -> list[Component]:
    """Return the views of the team."""
    identity = current_identity()
    with store.transaction() as session:
        found = table_views.list_table_views(session)
    return [_item(view, identity) for view in found] or [
        html.Li("No view is saved yet.", className="dt-soft")
    ]


def _item(view: TableViewRow, identity: Identity) -> Component:
    own = view.account_id == identity.account_id and identity.may(Permission.SHARE_VIEWS)
    delete = html.Button(
        "✕",
        id={"type": VIEW_DELETE, "view": view.id},
        type="button",
        className="runs-dismiss",
        **aria(label=f"Delete the view {view.name}"),
    )
    address = get_relative_path("/") + (f"?{view.query}" if view.query else "")
    return html.Li(
        [
            # Loaded anew: the address that Dash knows is that from before the table changed it.
            html.A(view.name, href=address, title=f"Saved by {view.account_name}"),
            delete if own or identity.may(Permission.MANAGE_RUNS) else None,
        ],
        **data(view=str(view.id)),
    )


@callbacks.callback(
    CHANGES.by("view"),
    Output(Ids.VIEW_SAID, "children"),
    Output(Ids.VIEW_NAME, "value"),
    Input(Ids.VIEW_SAVE, "n_clicks"),
    State(Ids.VIEW_NAME, "value"),
    State(Ids.TABLE, "data-address"),
    prevent_initial_call=True,
)
def save(clicks: object, name: object, address: object) -> tuple[Any, ...]:
    """Save what the table shows for the team; what is wrong with its name otherwise."""
    identity = require(Permission.SHARE_VIEWS)
    if not clicks:
        raise PreventUpdate
    query = read_state(text(address)).query()
    try:
        with store.transaction() as session:
            table_views.save_table_view(
                session, by=identity.account_id, name=text(name), query=query
            )
    except (Conflict, Forbidden) as error:
        return no_update, html.Span(str(error), className="dt-problem", role="alert"), no_update
    return ["saved", clicks], "Saved.", ""


@callbacks.callback(
    CHANGES.by("view-deletion"),
    Output(Ids.VIEW_SAID, "children", allow_duplicate=True),
    relayed(callbacks, Ids.VIEW_CLICKED, Input({"type": VIEW_DELETE, "view": ALL}, "n_clicks")),
    prevent_initial_call=True,
)
def delete(click: object) -> tuple[Any, ...]:
    """Delete a view."""
    identity = require(Permission.SHARE_VIEWS)
    _, view_id, clicks = clicked(click, "view")
    try:
        with store.transaction() as session:
            table_views.delete_table_view(
                session,
                by=identity.account_id,
                view_id=view_id,
                any_owner=identity.may(Permission.MANAGE_RUNS),
            )
    except (Forbidden, NotFound) as error:
        return no_update, html.Span(str(error), className="dt-problem", role="alert")
    return ["deleted", view_id, clicks], "Deleted."
