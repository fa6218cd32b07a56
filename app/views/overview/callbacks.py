"""What the overview registers: the data its charts ask for, and the form of the run's words."""

from dash import Dash

from app.binary import register_data, register_state
from app.data import overview
from app.views.overview import words


def register(app: Dash) -> None:
    """Add the overview's routes and callbacks to the application."""
    register_data(app.server, "series", overview.series)
    register_data(app.server, "class-error", overview.class_error)
    register_data(app.server, "layer-profile", overview.layer_map)
    register_data(app.server, "marks", overview.marks)
    register_state(app.server, "state", overview.state)
    words.register(app)
