"""The page of saved views: one's own and those that the team shares."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.auth.identity import Identity
from app.components.attributes import aria, data
from app.components.tables import ACTS, Column, cell, nothing, table
from app.components.times import time
from app.components.tour import tour_button
from app.view import PageContext
from app.views.saved_views.ids import Button, Ids, button_id
from app.views.saved_views.routes import address_of
from db.permissions import Permission
from db.queries.team.saved_views import SavedViewRow

MAX_SEARCH = 200
_COLUMNS = (
    Column("View"),
    Column("Run"),
    Column("Page"),
    Column("Open to"),
    Column("Saved by"),
    Column("Saved"),
    ACTS,
)


def layout(context: PageContext) -> Component:
    """Return the page; its rows come by callback."""
    return html.Div(
        [
            dcc.Store(id=Ids.CHANGED),
            dcc.Store(id=Ids.OPENED),
            dcc.Store(id=Ids.CLICKED),
            html.Div(
                [
                    html.H1("Saved views"),
                    html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                    dmc.TextInput(
                        id=Ids.SEARCH,
                        placeholder="Search by name, run, page, person",
                        debounce=250,
                        w=400,
                        value="",
                        className="dt-search",
                        **aria(label="Search the saved views"),
                    ),
                ],
                className="dt-page-head",
            ),
            html.Div(
                table(_COLUMNS, body_id=Ids.BODY, label="Saved views"), id=Ids.TABLE, hidden=True
            ),
            html.Div(id=Ids.EMPTY),
            _dialog(may_share=context.identity.may(Permission.SHARE_VIEWS)),
        ],
        className="dt-page",
    )


def _dialog(*, may_share: bool) -> Component:
    return dmc.Modal(
        [
            dmc.TextInput(id=Ids.NAME, label="Name", value=""),
            dmc.Switch(
                id=Ids.SHARED,
                label="Shared with the team",
                checked=False,
                disabled=not may_share,
                mt="md",
            ),
            html.P(id=Ids.PROBLEM, className="dt-problem", role="alert"),
            dmc.Group(
                [
                    dmc.Button("Delete", id=Ids.DELETE, color="red", variant="light"),
                    dmc.Button("Save", id=Ids.APPLY),
                ],
                justify="space-between",
                mt="lg",
            ),
        ],
        id=Ids.DIALOG,
        title="Saved view",
        opened=False,
    )


def matching(views: Sequence[SavedViewRow], search: str) -> list[SavedViewRow]:
    """Return the views that hold every word of `search` in one of their texts."""
    words = search[:MAX_SEARCH].casefold().split()
    return [view for view in views if all(word in _text(view) for word in words)]


def _text(view: SavedViewRow) -> str:
    return f"{view.name} {view.run_name} {view.page} {view.owner} {_access(view)}".casefold()


def _access(view: SavedViewRow) -> str:
    return "Team" if view.shared else "Only you"


def row(view: SavedViewRow, identity: Identity) -> Component:
    """Return one saved view as a row."""
    own = view.account_id == identity.account_id
    name = view.name or ""
    return html.Tr(
        [
            cell(dmc.Anchor(name, href=address_of(view), className="dt-main views-name", fw=600)),
            cell(
                dmc.Anchor(view.run_name, href=f"/run/{view.run_id}/overview", className="dt-main")
            ),
            cell(view.page.capitalize()),
            cell(_access(view)),
            cell("You" if own else view.owner),
            cell(time(view.created_at)),
            cell(_buttons(view, name, may_change=own or identity.may(Permission.MANAGE_RUNS))),
        ],
        key=view.id,
    )


def _buttons(view: SavedViewRow, name: str, *, may_change: bool) -> Component:
    buttons: list[Component] = [
        html.Button(
            "Copy link",
            type="button",
            className="dt-button views-copy",
            **aria(label=f"Copy the link of {name}"),
            **data(view_tool="copied", view_link=f"/v/{view.id}"),
        )
    ]
    if may_change:
        buttons.append(
            html.Button(
                "Change",
                id=button_id(Button.EDIT, view.id),
                type="button",
                className="dt-button",
                **aria(label=f"Change or delete {name}"),
            )
        )
    return html.Div(buttons, className="dt-buttons")


def no_views() -> Component:
    """Return what stands where nothing was ever saved."""
    return nothing(
        "Nothing has been saved yet",
        html.P(
            [
                "Open a run, choose what you want to come back to (iterations, classes, layers, "
                "how they are shown), and click ",
                html.B("Save view"),
                " at the top. A saved view is your own until you share it with the team.",
            ]
        ),
        html.P(dmc.Anchor("To the runs", href="/")),
        tour_button(),
    )


def no_match(search: str) -> Component:
    """Return what stands where the search finds nothing."""
    return nothing(
        "No saved view matches", html.P(f"Nothing contains all the words of “{search}”.")
    )
