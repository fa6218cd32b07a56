"""Which button of which row was clicked, and other values that a browser sends, checked."""

from typing import TypeGuard

from dash import ClientsideFunction, Input, Output
from dash.exceptions import PreventUpdate

from app.callbacks import Callbacks

LARGEST_ID = 2**31 - 1


def relayed(callbacks: Callbacks, store: str, *buttons: Input) -> Input:
    """Return the input of a callback that the buttons of rows call, through a dcc.Store.

    Dash drops the answer to a callback with an ALL pattern when rows appear meanwhile, as they do
    in every live table: the click would be lost. So the browser keeps the click in the store with
    the id `store` of the page (app/web/core/clicks.ts), which no row that appears touches.
    """
    callbacks.clientside_callback(
        ClientsideFunction("clicks", "relay"),
        Output(store, "data"),
        *buttons,
        prevent_initial_call=True,
    )
    return Input(store, "data")


def is_id(number: object) -> TypeGuard[int]:
    """Return whether a browser sent what may be the id of a row."""
    return isinstance(number, int) and not isinstance(number, bool) and 0 < number <= LARGEST_ID


def touched(click: object, kind: str) -> tuple[str, object, object]:
    """Return the type of the button (or field), what `kind` is of its row, and its new value.

    `click` is what `relayed` brings: {"id", "value"}; `kind` is the part of the ids that names rows
    ("job"). PreventUpdate for what is no click.
    """
    given = click if isinstance(click, dict) else {}
    name, value = given.get("id"), given.get("value")
    if not isinstance(name, dict) or not value:
        raise PreventUpdate
    return str(name.get("type")), name.get(kind), value


def changed(click: object, kind: str) -> tuple[str, int, object]:
    """Return the type of the button or field of a row, the row's id, and the new value."""
    name, number, value = touched(click, kind)
    if not isinstance(number, int) or not is_id(number):
        raise PreventUpdate
    return name, number, value


def clicked(click: object, kind: str) -> tuple[str, int, int]:
    """Return the clicked button, its row's id, and how often it was clicked."""
    name, number, clicks = changed(click, kind)
    if not isinstance(clicks, int):
        raise PreventUpdate
    return name, number, clicks


def text(value: object) -> str:
    """Return what a browser sent where it is a text, else ""."""
    return value if isinstance(value, str) else ""
