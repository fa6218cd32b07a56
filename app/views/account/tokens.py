"""API tokens on the account page: make one, see them, revoke one."""

from datetime import timedelta
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity
from app.auth.tokens import new_token
from app.callbacks import Callbacks
from app.components.attributes import aria
from app.components.clicks import clicked, relayed
from app.components.tables import ACTS, cell, plain_table
from app.components.times import time
from app.reading import reads
from app.views.account.ids import REVOKE, TOKEN_CHANGES, Ids, revoke_id
from db.errors import Conflict
from db.queries.team import api_tokens, audit
from db.queries.team.api_tokens import TokenRow

PREFIX = "dt_"
LIVES = {"30": "30 days", "365": "a year", "": "never"}


def token_part() -> Component:
    """Return the part of the page; the list of tokens comes by callback."""
    return html.Div(
        [
            *TOKEN_CHANGES.stores(),
            dcc.Store(id=Ids.REVOKE_CLICKED),
            html.P(
                [
                    "A token lets a script or a notebook read what you may read, without your "
                    "password. ",
                    dmc.Anchor("How to use it", href="/api", refresh=True, fz="inherit"),
                ],
                className="dt-soft",
            ),
            html.Div(
                [
                    dmc.TextInput(id=Ids.API_NAME, label="Name", placeholder="my notebook", w=220),
                    dmc.Select(
                        id=Ids.API_LIFE,
                        label="Expires after",
                        data=[{"value": days, "label": text} for days, text in LIVES.items()],
                        value="365",
                        allowDeselect=False,
                        w=150,
                    ),
                    dmc.Button("Create token", id=Ids.API_MAKE),
                ],
                className="dt-form-row",
            ),
            html.Div(id=Ids.API_SAID, role="status"),
            html.Div(id=Ids.TOKENS),
        ]
    )


callbacks = Callbacks()
register = callbacks.register


@callbacks.callback(
    Output(Ids.TOKENS, "children"),
    TOKEN_CHANGES.of_any(),
)
@reads
def show_tokens(_changed: object) -> Any:
    """Return the account's tokens."""
    identity = current_identity()
    with store.transaction() as session:
        found = api_tokens.list_tokens(session, account_id=identity.account_id)
    return token_table(found) if found else html.P("You have no tokens yet.", className="dt-soft")


@callbacks.callback(
    TOKEN_CHANGES.by("make"),
    Output(Ids.API_SAID, "children"),
    Output(Ids.API_NAME, "value"),
    Input(Ids.API_MAKE, "n_clicks"),
    State(Ids.API_NAME, "value"),
    State(Ids.API_LIFE, "value"),
    prevent_initial_call=True,
)
def make_token(clicks: object, name: object, life: object) -> tuple[Any, ...]:
    """Make a token and show it, this once; or say what is wrong with its name."""
    identity = current_identity()
    if not clicks:
        raise PreventUpdate
    days = life if isinstance(life, str) and life in LIVES else "365"
    token, token_hash = new_token(PREFIX)
    try:
        with store.transaction() as session:
            made = api_tokens.add_token(
                session,
                account_id=identity.account_id,
                token_hash=token_hash,
                name=name if isinstance(name, str) else "",
                lifetime=timedelta(days=int(days)) if days else None,
            )
            audit.record(
                session,
                actor_id=identity.account_id,
                action="made the token",
                target=str(name).strip(),
                detail=f"works for {LIVES[days]}" if days else "until revoked",
            )
    except Conflict as error:
        return no_update, html.P(str(error), className="dt-problem", role="alert"), no_update
    return ["made", made], _once(token), ""


@callbacks.callback(
    TOKEN_CHANGES.by("revoke"),
    relayed(callbacks, Ids.REVOKE_CLICKED, Input({"type": REVOKE, "token": ALL}, "n_clicks")),
    prevent_initial_call=True,
)
def revoke_token(click: object) -> list[Any]:
    """Revoke one of the account's tokens."""
    _, token_id, _ = clicked(click, "token")
    identity = current_identity()
    with store.transaction() as session:
        name = api_tokens.revoke_token(session, account_id=identity.account_id, token_id=token_id)
        audit.record(session, actor_id=identity.account_id, action="revoked the token", target=name)
    return ["revoked", token_id]


def _once(token: str) -> Component:
    return dmc.Alert(
        html.Div(
            [
                html.Code(token, className="people-link", tabIndex=0),
                dcc.Clipboard(content=token, title="Copy the token", className="people-copy"),
            ],
            className="people-link-row",
        ),
        title="Copy the token now: it is not shown again",
        color="teal",
        my="md",
    )


def token_table(tokens: list[TokenRow]) -> Component:
    """Return the tokens, each with a button that revokes it."""
    rows = [_row(token) for token in tokens]
    return plain_table(["Name", "Created", "Expires", "Last used", ACTS], rows, label="Tokens")


def _row(token: TokenRow) -> Component:
    until = f"{token.expires_at:%Y-%m-%d}" if token.expires_at else "never"
    return html.Tr(
        [
            cell(token.name),
            cell(time(token.created_at)),
            cell(until),
            cell(time(token.last_used_at) if token.last_used_at else "never"),
            cell(
                dmc.Button(
                    "Revoke",
                    id=revoke_id(token.id),
                    size="compact-xs",
                    variant="default",
                    **aria(label=f"Revoke {token.name}"),
                )
            ),
        ],
        key=str(token.id),
    )
