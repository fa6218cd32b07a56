"""What the correlation view registers: the data its charts ask for, and its controls' fields."""

from dash import Dash

from app.binary import register_data
from app.data.correlation import NAMES
from app.data.correlation import ROUTES as ANALYSIS
from app.selection import bind_control
from app.views.correlation import names
from app.views.correlation.ids import Ids

# Every control writes one field of the selection; the charts read the selection.
CONTROLS = {
    Ids.DIRECTION: "direction",
    Ids.QUANTITY: "topquantity",
    Ids.COLOUR: "cellcolour",
    Ids.SIGNIFICANCE: "significance",
    Ids.ROW_ORDER: "roworder",
    Ids.COLUMN_ORDER: "columnorder",
}
ROUTES = {**ANALYSIS, NAMES: names.names}


def register(app: Dash) -> None:
    """Add the view's routes and callbacks to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
    for component, field in CONTROLS.items():
        bind_control(app, component, field)
