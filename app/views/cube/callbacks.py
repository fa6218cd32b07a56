"""What the cube registers: the data that only it asks for, and its controls' fields."""

from dash import Dash

from app.binary import register_data
from app.data import cube
from app.selection import bind_control
from app.views.cube.ids import Ids

# Every control writes one field of the selection; the cube reads the selection.
CONTROLS = {
    Ids.MODE: "cubeface",
    Ids.FRONT: "cubefront",
    Ids.TOP: "cubetop",
    Ids.RIGHT: "cellcolour",
    Ids.ORDER: "classorder",
    Ids.PALETTE: "palette",
    Ids.TOP_COUNT: "top",
}
SWITCHES = {Ids.TIED: "cubetied"}
ROUTES = {"cube-layers": cube.layers, "cube-order": cube.order}


def register(app: Dash) -> None:
    """Add the cube's routes and callbacks to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
    for component, field in CONTROLS.items():
        bind_control(app, component, field)
    for component, field in SWITCHES.items():
        bind_control(app, component, field, prop="checked")
