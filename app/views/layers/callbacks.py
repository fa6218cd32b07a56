"""What the layer view registers: the data its charts ask for."""

from dash import Dash

from app.binary import register_data
from app.data import filters, layers, magnitudes

ROUTES = {
    "layer-tree": layers.tree,
    "layer-rows": layers.rows,
    "layer-extremes": layers.extremes,
    "layer-shapes": layers.shapes,
    "layer-settle": layers.settle,
    "layer-magnitudes": magnitudes.magnitudes,
    "filter-rows": filters.filter_rows,
    "filter-order": filters.filter_order,
    "filter-series": filters.filter_series,
    "top-filters": filters.top,
}


def register(app: Dash) -> None:
    """Add the layer view's routes to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
