"""What the account page does: change the password, end sessions."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate
from flask import request

from app import store
from app.auth import passwords
from app.auth.identity import current_identity
from app.auth.throttle import Throttled, check_password
from app.callbacks import Callbacks
from app.components.clicks import relayed, touched
from app.reading import reads
from app.views.account import tokens
from app.views.account.ids import CHANGES, END, Ids
from app.views.account.layout import session_table
from db.queries.team import accounts, audit, sessions

callbacks = Callbacks()


def register(app: Dash) -> None:
    """Add the page's callbacks to the application."""
    callbacks.register(app)
    tokens.register(app)


@callbacks.callback(
    Output(Ids.SESSIONS, "children"),
    CHANGES.of_any(),
)
@reads
def show_sessions(_changed: object) -> Any:
    """Return where the account is logged in."""
    identity = current_identity()
    with store.transaction() as session:
        found = sessions.list_sessions(session, account_id=identity.account_id)
    return session_table(found, present=identity.session_hash)


@callbacks.callback(
    Output(Ids.SAID, "children"),
    Output(Ids.PRESENT, "value"),
    Output(Ids.CHOSEN, "value"),
    Output(Ids.AGAIN, "value"),
    CHANGES.by("password"),
    Input(Ids.SAVE, "n_clicks"),
    State(Ids.PRESENT, "value"),
    State(Ids.CHOSEN, "value"),
    State(Ids.AGAIN, "value"),
    prevent_initial_call=True,
)
def change_password(clicks: object, present: object, chosen: object, again: object) -> Any:
    """Set another password where the present one is right; all other sessions end."""
    if not clicks:
        raise PreventUpdate
    identity = current_identity()
    given = [text if isinstance(text, str) else "" for text in (present, chosen, again)]
    try:
        passwords.check_new(given[1], email=identity.email)
        if given[1] != given[2]:
            return "The passwords do not match.", *(no_update,) * 4
        known = check_password(identity.email, given[0], address=request.remote_addr or "")
    except (passwords.PasswordRefused, Throttled) as error:
        return str(error), *(no_update,) * 4
    wrong = "The current password is wrong.", *(no_update,) * 4
    if known is None or known.account_id != identity.account_id:
        return wrong
    hashed = passwords.hash_password(given[1])
    account = known.account_id
    with store.transaction() as session:
        # Somebody who has the old one, too, may have been faster.
        if not accounts.hold_password(
            session, account_id=account, password_hash=known.password_hash
        ):
            return wrong
        accounts.set_password_hash(session, account_id=account, password_hash=hashed)
        ended = sessions.revoke_sessions(session, account_id=account, but=identity.session_hash)
        sessions.drop_links(session, account_id=account)
        audit.record(
            session, actor_id=account, action="changed the password of", target=identity.email
        )
    others = f" {ended} other session{'s' if ended != 1 else ''} ended." if ended else ""
    return f"Password changed.{others}", "", "", "", clicks


@callbacks.callback(
    CHANGES.by("session"),
    relayed(callbacks, Ids.END_CLICKED, Input({"type": END, "session": ALL}, "n_clicks")),
    prevent_initial_call=True,
)
def end_session(click: object) -> str:
    """End one of the account's sessions."""
    _, key, _ = touched(click, "session")
    try:
        token_hash = bytes.fromhex(str(key))
    except ValueError as error:
        raise PreventUpdate from error
    with store.transaction() as session:
        sessions.revoke_session(
            session, account_id=current_identity().account_id, token_hash=token_hash
        )
    return token_hash.hex()
