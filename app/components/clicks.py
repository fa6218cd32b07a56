"""Which button of which row was clicked, and other values that a browser sends, checked."""

from dash import ctx
from dash.exceptions import PreventUpdate

LARGEST_ID = 2**31 - 1


def is_id(number: object) -> bool:
    """Return whether a browser sent what may be the id of a row."""
    return isinstance(number, int) and not isinstance(number, bool) and 0 < number <= LARGEST_ID


def touched(kind: str) -> tuple[str, object, object]:
    """Return the type of the button (or field), what `kind` is of its row, and its new value.

    `kind` is the part of the ids that names rows ("job"). Rows that appear touch nothing:
    PreventUpdate.
    """
    triggered = ctx.triggered_id
    value = ctx.triggered[0]["value"] if ctx.triggered else None
    if not isinstance(triggered, dict) or not value:
        raise PreventUpdate
    return str(triggered.get("type")), triggered.get(kind), value


def changed(kind: str) -> tuple[str, int, object]:
    """Return the type of the button or field of a row, the row's id, and the new value."""
    name, number, value = touched(kind)
    if not isinstance(number, int) or not is_id(number):
        raise PreventUpdate
    return name, number, value


def clicked(kind: str) -> tuple[str, int, int]:
    """Return the clicked button, its row's id, and how often it was clicked."""
    name, number, clicks = changed(kind)
    if not isinstance(clicks, int):
        raise PreventUpdate
    return name, number, clicks


def text(value: object) -> str:
    """Return what a browser sent where it is a text, else ""."""
    return value if isinstance(value, str) else ""
