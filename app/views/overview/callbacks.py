"""What the overview registers: the data its charts ask for, and its controls' fields."""

from dash import Dash

from app.binary import register_data, register_state
from app.data import overview
from app.selection import bind_control
from app.views.overview.ids import Ids

# Every control writes one field of the selection; the charts read the selection.
CONTROLS = {
    Ids.PALETTE: "palette",
    Ids.ORDER: "order",
    Ids.QUANTITY: "quantity",
    Ids.STATISTIC: "statistic",
    Ids.SCALING: "scaling",
}


def register(app: Dash) -> None:
    """Add the overview's routes and callbacks to the application."""
    register_data(app.server, "series", overview.series)
    register_data(app.server, "class-error", overview.class_error)
    register_data(app.server, "layer-profile", overview.layer_map)
    register_state(app.server, "state", overview.state)
    for component, field in CONTROLS.items():
        bind_control(app, component, field)
    bind_control(app, Ids.LOG_LOSS, "log", prop="checked")
