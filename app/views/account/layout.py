"""The account page: who one is, the password, where one is logged in."""

import re

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.auth.passwords import MIN_LENGTH
from app.components.tables import ACTS, cell, plain_table
from app.components.times import time
from app.view import PageContext
from app.views.account.ids import CHANGES, Ids, end_id
from app.views.account.tokens import token_part
from db.permissions import ROLE_PERMISSIONS, Permission, Role
from db.queries.team.sessions import SessionRow

_BROWSERS = (
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_MAY = {
    Permission.READ_RUNS: "read runs",
    Permission.ANNOTATE: "annotate",
    Permission.COMPARE: "compare runs",
    Permission.SCHEDULE_JOBS: "load logs",
    Permission.MANAGE_RUNS: "manage runs",
    Permission.MANAGE_PEOPLE: "manage people",
}


def layout(context: PageContext) -> Component:
    """Return the page; the list of sessions comes by callback."""
    identity = context.identity
    allowed = ROLE_PERMISSIONS[Role(identity.role)]
    may = ", ".join(text for permission, text in _MAY.items() if permission in allowed)
    return html.Div(
        [
            *CHANGES.stores(),
            dcc.Store(id=Ids.END_CLICKED),
            html.Div(html.H1("Account"), className="dt-page-head"),
            html.Dl(
                [
                    html.Div([html.Dt("Name"), html.Dd(identity.name)]),
                    html.Div([html.Dt("E-mail"), html.Dd(identity.email)]),
                    html.Div([html.Dt("Role"), html.Dd(f"{identity.role}: may {may}")]),
                ],
                className="dt-facts",
            ),
            html.Section([html.H2("Password"), _password_form()]),
            html.Section([html.H2("Active sessions"), html.Div(id=Ids.SESSIONS)]),
            html.Section([html.H2("Tokens for scripts and notebooks"), token_part()]),
        ],
        className="dt-page dt-narrow",
    )


def _password_form() -> Component:
    return html.Div(
        [
            _password(Ids.PRESENT, "Current password", "current-password"),
            _password(
                Ids.CHOSEN, "New password", "new-password", f"At least {MIN_LENGTH} characters"
            ),
            _password(Ids.AGAIN, "Repeat the new password", "new-password"),
            dmc.Button("Change password", id=Ids.SAVE, mt="sm"),
            html.P(id=Ids.SAID, role="status", className="account-said"),
        ],
        className="dt-form",
    )


def _password(id: str, label: str, fill: str, description: str | None = None) -> Component:
    return dmc.PasswordInput(
        id=id,
        label=label,
        description=description,
        maw=360,
        autoComplete=fill,
    )


def session_table(sessions: list[SessionRow], *, present: bytes) -> Component:
    """Return the sessions, each with a button that ends it."""
    rows = [_session(row, present=row.token_hash == present) for row in sessions]
    return plain_table(["Browser", "Address", "Last seen", ACTS], rows, label="Active sessions")


def _session(row: SessionRow, *, present: bool) -> Component:
    end = dmc.Button("End", id=end_id(row.token_hash.hex()), size="compact-xs", variant="default")
    return html.Tr(
        [
            cell(browser(row.user_agent or ""), {"title": row.user_agent or ""}),
            cell(row.address or ""),
            cell(time(row.last_seen_at)),
            cell(dmc.Badge("this one", variant="light", size="sm", tt="none") if present else end),
        ],
        key=row.token_hash.hex(),
    )


def browser(agent: str) -> str:
    """Return "Firefox on Linux" of a User-Agent header."""
    name = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if not name:
        return re.split(r"[/ ]", agent)[0][:40] or "unknown"
    return f"{name} on {system}" if system else name
