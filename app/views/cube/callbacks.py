"""What the cube registers: the data that only it asks for."""

from dash import Dash

from app.binary import register_data
from app.views.cube import data

ROUTES = {"cube-layers": data.layers, "cube-order": data.order}


def register(app: Dash) -> None:
    """Add the cube's routes to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
