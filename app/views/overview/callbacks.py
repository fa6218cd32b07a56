"""What the overview registers: the data its charts ask for."""

from dash import Dash

from app.binary import register_data, register_state
from app.views.overview import data


def register(app: Dash) -> None:
    """Add the overview's routes to the application."""
    register_data(app.server, "series", data.series)
    register_data(app.server, "class-error", data.class_error)
    register_data(app.server, "layer-profile", data.layer_map)
    register_state(app.server, "state", data.state)
