"""What the overview registers: the data its charts ask for."""

from dash import Dash

from app.binary import register_data, register_state
from app.data import overview


def register(app: Dash) -> None:
    """Add the overview's routes to the application."""
    register_data(app.server, "series", overview.series)
    register_data(app.server, "class-error", overview.class_error)
    register_data(app.server, "layer-profile", overview.layer_map)
    register_data(app.server, "marks", overview.marks)
    register_state(app.server, "state", overview.state)
