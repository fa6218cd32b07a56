"""What the view of the network registers: the graph that its chart asks for."""

from dash import Dash

from app.binary import register_data
from app.data import network


def register(app: Dash) -> None:
    """Add the view's route to the application; what colours the graph, the layer view serves."""
    register_data(app.server, "network-graph", network.graph)
