"""What the overview registers: the data its charts ask for, and the form of the run's words."""

from dash import ClientsideFunction, Dash, Input, Output, State

from app.binary import register_data, register_state
from app.data import overview, run_state
from app.selection import STORE
from app.views.overview import words
from app.views.overview.ids import Ids


def register(app: Dash) -> None:
    """Add the overview's routes and callbacks to the application."""
    register_data(app.server, "series", overview.series)
    register_data(app.server, "class-error", overview.class_error)
    register_data(app.server, "layer-profile", overview.layer_map)
    register_data(app.server, "marks", overview.marks)
    register_state(app.server, "state", run_state.state)
    words.register(app)
    app.clientside_callback(
        ClientsideFunction("overview", "forkAddress"),
        Output(Ids.FORK, "href"),
        Input(STORE, "data"),
        State(Ids.FORK, "href"),
    )
