"""The people page: invite, the accounts, the activity log."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.data_table import Head, column_panel, frame, heads, stores
from app.components.table_state import Look, Order
from app.components.tables import ACTS, Column, cell, nothing, plain_table
from app.components.times import time
from app.view import PageContext
from app.views.people.ids import CHANGES, Act, Ids, act_id
from db.permissions import Role
from db.queries.team.audit import AuditRow
from db.queries.team.people import Person
from db.queries.team.sessions import LINK

ROLES = {
    Role.VIEWER: "viewer: reads and compares",
    Role.MEMBER: "member: annotates and loads logs, too",
    Role.ADMIN: "admin: people and runs as well",
}

TITLES = {"when": "When", "who": "Who", "action": "What", "target": "Of what"}
LATEST = Order("when")


def layout(context: PageContext) -> Component:
    """Return the page; its tables come by callback."""
    return html.Div(
        [
            *CHANGES.stores(),
            dcc.Store(id=Ids.CLICKED),
            html.Div(
                [
                    html.H1("People"),
                    html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                ],
                className="dt-page-head",
            ),
            _invite(),
            html.Div(id=Ids.LINK, role="status"),
            html.Div(id=Ids.TABLE),
            html.Section([html.H2("Activity log"), _deeds()]),
        ],
        className="dt-page",
    )


def _invite() -> Component:
    return html.Div(
        [
            dmc.TextInput(
                id=Ids.EMAIL,
                label="E-mail address",
                description="Used to log in",
                w=280,
            ),
            dmc.TextInput(
                id=Ids.NAME,
                label="Name",
                description="Shown to others",
                w=260,
            ),
            dmc.Select(
                id=Ids.ROLE,
                label="Role",
                description="Can be changed at any time",
                data=[{"value": role, "label": text} for role, text in ROLES.items()],
                value=Role.MEMBER,
                allowDeselect=False,
                w=380,
            ),
            dmc.Button("Invite", id=Ids.INVITE),
            html.P(id=Ids.PROBLEM, className="dt-problem", role="alert"),
        ],
        className="dt-form-row",
    )


def one_time_link(link: str, *, email: str) -> Component:
    """Return a fresh link, to be copied: it is shown this once."""
    hours = int(LINK.total_seconds() // 3600)
    return dmc.Alert(
        [
            html.P(
                f"Send this to {email}. With it they choose a password; it works once, within "
                f"{hours} hours, and is not shown again."
            ),
            html.Div(
                [
                    html.Code(link, className="people-link", tabIndex=0),
                    dcc.Clipboard(content=link, title="Copy the link", className="people-copy"),
                ],
                className="people-link-row",
            ),
        ],
        title="One-time link",
        color="teal",
        mt="md",
    )


def resting_notice(rests: str) -> Component:
    """Return what the deactivation of an account stopped, and where to let it go on."""
    return dmc.Alert(
        html.P(
            [
                f"Deactivating the account also paused: {rests}. Resume what is still needed on "
                "the page of ",
                dmc.Anchor("ingest jobs", href="/jobs"),
                ".",
            ]
        ),
        title="Nothing is loaded for a deactivated account",
        color="yellow",
        mt="md",
    )


def people_table(people: list[Person], *, present: int) -> Component:
    """Return everybody; `present` is who looks, whose own account cannot be locked out."""
    sessions = Column("Sessions", numeric=True)
    rows = [_person(person, own=person.id == present) for person in people]
    made = plain_table(
        ["Person", "Role", "State", "Last seen", sessions, ACTS], rows, label="People"
    )
    return html.Div(made, className="people-table")


def _person(person: Person, *, own: bool) -> Component:
    name: list[Any] = [html.Div(person.name, className="dt-main")]
    if own:
        name.append(dmc.Badge("you", variant="light", size="xs", tt="none", ml=6))
    name.append(html.Div(person.email, className="dt-soft"))
    role = dmc.Select(
        id=act_id(Act.ROLE, person.id),
        data=[role.value for role in Role],
        value=person.role,
        allowDeselect=False,
        disabled=not person.active,
        size="xs",
        w=110,
        **aria(label=f"Role of {person.name}"),
    )
    return html.Tr(
        [
            cell(name),
            cell(role),
            cell(_state(person)),
            cell(time(person.last_seen_at) if person.last_seen_at else "never"),
            cell(f"{person.sessions:,}", numeric=True),
            cell(html.Div(_buttons(person, own=own), className="people-acts")),
        ],
        key=str(person.id),
        className="" if person.active else "people-off",
    )


def _state(person: Person) -> Component:
    text, colour = ("active", "teal") if person.has_password else ("invited", "yellow")
    if not person.active:
        text, colour = "deactivated", "gray"
    return dmc.Badge(text, color=colour, variant="light", size="sm", tt="none", fw=600)


def _buttons(person: Person, *, own: bool) -> list[Component]:
    if not person.active:
        return [_button(Act.ACTIVATE, person, "Activate")]
    buttons = [_button(Act.LINK, person, "New link")]
    if not own:
        # None is left out: they would jump from under the pointer.
        buttons.append(_button(Act.END, person, "End sessions"))
        buttons.append(_button(Act.DEACTIVATE, person, "Deactivate", color="red"))
    return buttons


def _button(act: Act, person: Person, text: str, color: str | None = None) -> Component:
    return dmc.Button(
        text,
        id=act_id(act, person.id),
        size="compact-xs",
        variant="light" if color else "default",
        color=color,
        **aria(label=f"{text}: {person.name}"),
    )


def _deeds() -> Component:
    return html.Div(
        [
            *stores("people", LATEST),
            html.Div(
                [
                    dmc.TextInput(
                        id=Ids.SEARCH,
                        placeholder="Search by person, action or target",
                        debounce=250,
                        w=400,
                        **aria(label="Search the activity log"),
                    ),
                    column_panel("people", TITLES),
                ],
                className="dt-page-head",
            ),
            html.Div(
                frame("people", label="Activity log", head_id=Ids.HEAD, body_id=Ids.DEEDS),
                id=Ids.DEEDS_TABLE,
                hidden=True,
            ),
            html.Div(id=Ids.DEEDS_EMPTY),
            dmc.Pagination(id=Ids.PAGER, total=1, value=1, mt="md", size="sm"),
        ]
    )


def no_deeds() -> Component:
    """Return what stands where the search leaves no entry."""
    return nothing("Nothing found", html.P("No entry matches the search."))


def deed_heads(columns: Sequence[str], order: Order, look: Look) -> Component:
    """Return the heads of the activity log."""
    made = [Head(name, TITLES[name], descending_first=name == "when") for name in columns]
    return heads(made, order, look=look)


def deed_rows(entries: list[AuditRow], columns: Sequence[str]) -> list[Component]:
    """Return entries of the activity log as rows."""
    return [
        html.Tr(
            [cell(_facts(entry)[name]) for name in columns],
            key=str(entry.id),
        )
        for entry in entries
    ]


def _facts(entry: AuditRow) -> dict[str, Any]:
    about = [html.Strong(entry.target), html.Span(f" {entry.detail}", className="dt-soft")]
    return {
        "when": time(entry.at),
        "who": entry.actor_name,
        "action": entry.action,
        "target": html.Span(about),
    }
