"""What the page of distributions registers: the data that its charts ask for."""

from dash import Dash

from app.binary import register_data
from app.data import distributions


def register(app: Dash) -> None:
    """Add the page's routes to the application; a second run's come by /data/compare."""
    register_data(app.server, "distribution-nodes", distributions.nodes)
    register_data(app.server, "distributions", distributions.distributions)
