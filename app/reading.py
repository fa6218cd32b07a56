"""Callbacks that only read: their transactions cannot write, and a browser may ask them again.

An answer can get lost when its request was carried out already. Asking again is then right for
whoever only reads, and wrong for whoever adds a job: so a callback counts as one that writes
unless it is marked.
"""

from collections.abc import Callable
from typing import TypeVar

from dash import Dash
from flask import Flask, current_app, g

KEYS = "deeptracker.reading"
_MARK = "reads_only"

Function = TypeVar("Function", bound=Callable[..., object])


def reads(function: Function) -> Function:
    """Mark the function of a callback as one that only reads; the database holds it to that."""
    setattr(function, _MARK, True)
    return function


def remember(app: Dash) -> None:
    """Note which of the application's callbacks only read, once all of them are registered."""
    # Dash wraps the functions, and functools.wraps copies the mark.
    app.server.extensions[KEYS] = frozenset(
        key
        for key, entry in app.callback_map.items()
        if getattr(entry.get("callback"), _MARK, False)
    )


def reading_keys(server: Flask) -> frozenset[str]:
    """Return the keys of those callbacks in Dash's callback map."""
    found: frozenset[str] = server.extensions[KEYS]
    return found


def enter(key: str) -> None:
    """Note which callback the present request calls."""
    g.reads_only = key in reading_keys(current_app)


def reads_only() -> bool:
    """Return whether the present request calls a callback that only reads."""
    return bool(g.get("reads_only"))
