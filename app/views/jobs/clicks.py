"""Which button of which row was clicked."""

from dash import ctx
from dash.exceptions import PreventUpdate

LARGEST_ID = 2**31 - 1


def is_id(number: object) -> bool:
    """Return whether a browser sent what may be the id of a row."""
    return isinstance(number, int) and not isinstance(number, bool) and 0 < number <= LARGEST_ID


def clicked(kind: str) -> tuple[str, int, int]:
    """Return the clicked button, its row's id, and how often it was clicked.

    `kind` is the part of the ids that names rows ("job"). Rows that appear click nothing:
    PreventUpdate.
    """
    triggered, clicks = ctx.triggered_id, ctx.triggered[0]["value"] if ctx.triggered else None
    if not isinstance(triggered, dict) or not isinstance(clicks, int) or not clicks:
        raise PreventUpdate
    number = triggered.get(kind)
    if not isinstance(number, int) or not is_id(number):
        raise PreventUpdate
    return str(triggered.get("type")), number, clicks


def text(value: object) -> str:
    """Return what a browser sent where it is a text, else ""."""
    return value if isinstance(value, str) else ""
