"""What the page of saved views does: list, search, rename, share, delete."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import Identity, NotAllowed, current_identity, require
from app.callbacks import Callbacks
from app.components import live_table
from app.components.clicks import relayed, touched
from app.reading import reads
from app.stored_view import ID
from app.views.saved_views import routes
from app.views.saved_views.ids import Button, Ids
from app.views.saved_views.layout import matching, no_match, no_views, row
from db.errors import StoreError
from db.permissions import Permission
from db.queries.team import saved_views

callbacks = Callbacks()


def register(app: Dash) -> None:
    """Add the routes and the page's callbacks to the application."""
    callbacks.register(app)
    routes.install(app.server)


@callbacks.callback(
    output=live_table.outputs(Ids),
    inputs=[Input(Ids.SEARCH, "value"), Input(Ids.CHANGED, "data")],
)
@reads
def show_views(search: object, _changed: object) -> dict[str, Any]:
    """Return the rows, and what stands around them."""
    identity = current_identity()
    asked = search if isinstance(search, str) else ""
    with store.transaction() as session:
        found = saved_views.list_views(session, account_id=identity.account_id)
    kept = matching(found, asked)
    count = f"{len(kept):,} of {len(found):,}" if len(kept) != len(found) else f"{len(found):,}"
    return live_table.parts(
        [row(view, identity) for view in kept],
        empty=no_match(asked) if found else no_views(),
        count=count if found else "",
    )


@callbacks.callback(
    Output(Ids.OPENED, "data"),
    Output(Ids.DIALOG, "opened"),
    Output(Ids.NAME, "value"),
    Output(Ids.SHARED, "checked"),
    Output(Ids.PROBLEM, "children"),
    relayed(callbacks, Ids.CLICKED, Input({"type": Button.EDIT, "view": ALL}, "n_clicks")),
    prevent_initial_call=True,
)
@reads
def open_dialog(click: object) -> tuple[Any, ...]:
    """Open the dialog for a view."""
    _, key, _ = touched(click, "view")
    identity = current_identity()
    with store.noting() as session:
        found = saved_views.find_view(
            session, view_id=_view_id(key), account_id=identity.account_id
        )
    return found.id, True, found.name, found.shared, ""


@callbacks.callback(
    Output(Ids.CHANGED, "data"),
    # The same dialog that a row opens; so are its complaints.
    Output(Ids.DIALOG, "opened", allow_duplicate=True),
    Output(Ids.PROBLEM, "children", allow_duplicate=True),
    Input(Ids.APPLY, "n_clicks"),
    Input(Ids.DELETE, "n_clicks"),
    State(Ids.OPENED, "data"),
    State(Ids.NAME, "value"),
    State(Ids.SHARED, "checked"),
    prevent_initial_call=True,
)
def change(
    _applies: object, _deletes: object, opened: object, name: object, shared: object
) -> tuple[Any, ...]:
    """Save the dialog, or delete its view; say what is wrong and stay open where that fails."""
    identity = current_identity()
    if ctx.triggered_id not in (Ids.APPLY, Ids.DELETE):
        raise PreventUpdate
    view_id = _view_id(opened)
    try:
        if ctx.triggered_id == Ids.DELETE:
            _delete(identity, view_id)
        else:
            _apply(identity, view_id, name if isinstance(name, str) else "", shared is True)
    except (StoreError, NotAllowed) as error:
        return no_update, no_update, str(error)
    return [str(ctx.triggered_id), view_id, _applies, _deletes], False, ""


def _delete(identity: Identity, view_id: str) -> None:
    with store.transaction() as session:
        saved_views.delete_view(
            session,
            view_id=view_id,
            account_id=identity.account_id,
            any_owner=identity.may(Permission.MANAGE_RUNS),
        )


def _apply(identity: Identity, view_id: str, name: str, shared: bool) -> None:
    account_id = identity.account_id
    with store.transaction() as session:
        before = saved_views.find_view(session, view_id=view_id, account_id=account_id)
        if shared and not before.shared:
            require(Permission.SHARE_VIEWS)
        saved_views.rename_view(session, view_id=view_id, account_id=account_id, name=name)
        if shared != before.shared:
            saved_views.share_view(session, view_id=view_id, account_id=account_id, shared=shared)


def _view_id(value: object) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise PreventUpdate
    return value
