"""What the page of the machine registers: which charts there are; their values are scalars'."""

from dash import Dash

from app.binary import register_data
from app.data import machine


def register(app: Dash) -> None:
    """Add the data of the page to the application."""
    register_data(app.server, "machine-charts", machine.listed)
