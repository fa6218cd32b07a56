"""What the cube registers: the data that only it asks for."""

from dash import Dash

from app.binary import register_data
from app.data import cube

ROUTES = {"cube-layers": cube.layers, "cube-order": cube.order}


def register(app: Dash) -> None:
    """Add the cube's routes to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
