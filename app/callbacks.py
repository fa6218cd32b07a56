"""Callbacks declared beside their functions, and added to an application later.

Dash's own `@callback` knows one application a process; tests and tools make several. As with a
blueprint of Flask, a page declares its callbacks on an object of its own:

    callbacks = Callbacks()

    @callbacks.callback(output={"rows": Output(...)}, inputs={"page": Input(...)})
    def show(page): ...
"""

from collections.abc import Callable
from typing import Any, TypeVar

from dash import Dash

Function = TypeVar("Function", bound=Callable[..., Any])


class Callbacks:
    """What a page, or a part of it, registers; the functions stay plain functions."""

    def __init__(self) -> None:
        self._declared: list[Callable[[Dash], Any]] = []

    def callback(self, *arguments: Any, **options: Any) -> Callable[[Function], Function]:
        """Declare a function as a callback; the arguments are those of `Dash.callback`."""

        def declare(function: Function) -> Function:
            self._declared.append(lambda app: app.callback(*arguments, **options)(function))
            return function

        return declare

    def clientside_callback(self, *arguments: Any, **options: Any) -> None:
        """Declare a callback in the browser, as `Dash.clientside_callback`."""
        self._declared.append(lambda app: app.clientside_callback(*arguments, **options))

    def register(self, app: Dash) -> None:
        """Add all that was declared to an application."""
        for add in self._declared:
            add(app)
