"""What the view of the network registers: the graph that its chart asks for, and its colours."""

from dash import Dash

from app.binary import register_data
from app.data import layers, network


def register(app: Dash) -> None:
    """Add the view's routes to the application."""
    register_data(app.server, "network-graph", network.graph)
    register_data(app.server, "layer-values", layers.of_layers)
