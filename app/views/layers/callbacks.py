"""What the layer view registers: the data its charts ask for."""

from dash import Dash

from app.binary import register_data
from app.views.layers import data, filters

ROUTES = {
    "layer-tree": data.tree,
    "layer-rows": data.rows,
    "layer-extremes": data.extremes,
    "layer-shapes": data.shapes,
    "layer-settle": data.settle,
    "filter-rows": filters.filter_rows,
    "filter-order": filters.filter_order,
    "filter-series": filters.filter_series,
    "top-filters": filters.top,
}


def register(app: Dash) -> None:
    """Add the layer view's routes to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
