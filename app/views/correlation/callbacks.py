"""What the correlation view registers: the data its charts ask for."""

from dash import Dash

from app.binary import register_data
from app.data.correlation import NAMES
from app.data.correlation import ROUTES as ANALYSIS
from app.views.correlation import names

ROUTES = {**ANALYSIS, NAMES: names.names}


def register(app: Dash) -> None:
    """Add the view's routes to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
