"""What the page of scalars registers: which there are, and their values; the browser asks."""

from dash import Dash

from app.binary import register_data
from app.data import scalars


def register(app: Dash) -> None:
    """Add the data of the page to the application."""
    register_data(app.server, "scalar-names", scalars.listed)
    register_data(app.server, "scalar-lines", scalars.lines)
