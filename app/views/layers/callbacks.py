"""What the layer view registers: the data its charts ask for, and its controls' fields."""

from dash import Dash

from app.binary import register_data
from app.data import filters, layers
from app.selection import bind_control
from app.views.layers.ids import Ids

# Every control writes one field of the selection; the charts read the selection.
CONTROLS = {
    Ids.MEASURE: "measure",
    Ids.STATISTIC: "statistic",
    Ids.ENCODING: "encoding",
    Ids.SCALE: "scale",
    Ids.HEIGHT: "height",
    Ids.SEARCH: "search",
    Ids.LIMIT: "limit",
    Ids.LIMIT_OF: "limitof",
    Ids.FILTER_QUANTITY: "filterquantity",
    Ids.FILTER_SCALING: "filterscaling",
    Ids.FILTER_ORDER: "filterorder",
    Ids.TOP_QUANTITY: "topquantity",
    Ids.TOP_SORT: "topsort",
    Ids.TOP_COUNT: "top",
}
SWITCHES = {Ids.SAME: "same", Ids.NORMALISED: "normalised"}
ROUTES = {
    "layer-tree": layers.tree,
    "layer-rows": layers.rows,
    "layer-extremes": layers.extremes,
    "layer-shapes": layers.shapes,
    "layer-settle": layers.settle,
    "filter-rows": filters.filter_rows,
    "filter-order": filters.filter_order,
    "filter-series": filters.filter_series,
    "top-filters": filters.top,
}


def register(app: Dash) -> None:
    """Add the layer view's routes and callbacks to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
    for component, field in CONTROLS.items():
        bind_control(app, component, field)
    for component, field in SWITCHES.items():
        bind_control(app, component, field, prop="checked")
