"""The drawer of a page with rows: a button of a row opens it, and it follows what it shows.

The page's enumeration of ids has OPENED, OPEN_CLICKED, DRAWER and DETAILS.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.callbacks import Callbacks
from app.components.clicks import clicked, is_id, relayed
from app.reading import reads


def row_drawer(ids: type[StrEnum], title: str, size: str) -> list[Component]:
    """Return the drawer, closed, and what it keeps in the page."""
    return [
        dcc.Store(id=ids["OPENED"]),
        dcc.Store(id=ids["OPEN_CLICKED"]),
        dmc.Drawer(
            html.Div(id=ids["DETAILS"]),
            id=ids["DRAWER"],
            title=title,
            position="right",
            size=size,
        ),
    ]


def follow_rows(
    callbacks: Callbacks,
    ids: type[StrEnum],
    *,
    button: str,
    kind: str,
    again: Input,
    show: Callable[[int], tuple[Component, str]],
) -> None:
    """Declare what opens the drawer and fills it, now and when `again` changes while it is open.

    `button` is the type of the rows' buttons, `kind` the part of their ids that names rows; `show`
    gives content and title for the id of a row.
    """

    @callbacks.callback(
        Output(ids["OPENED"], "data"),
        Output(ids["DRAWER"], "opened"),
        relayed(callbacks, ids["OPEN_CLICKED"], Input({"type": button, kind: ALL}, "n_clicks")),
        prevent_initial_call=True,
    )
    @reads
    def open_details(click: object) -> tuple[int, bool]:
        _, number, _ = clicked(click, kind)
        return number, True

    @callbacks.callback(
        Output(ids["DETAILS"], "children"),
        Output(ids["DRAWER"], "title"),
        Input(ids["OPENED"], "data"),
        again,
        State(ids["DRAWER"], "opened"),
        prevent_initial_call=True,
    )
    @reads
    def show_details(number: object, _again: object, opened: object) -> tuple[Any, Any]:
        closed = not opened and ctx.triggered_id != ids["OPENED"]
        if closed or not is_id(number):
            raise PreventUpdate
        return show(number)
