"""What the validation view registers: the data its charts ask for, and its controls' fields."""

from dash import Dash

from app.binary import register_data
from app.data import validation
from app.selection import bind_control
from app.views.validation.ids import Ids

# Every control writes one field of the selection; the charts read the selection. Window, threshold
# and share depend on one another: app/views/validation/web/window.ts keeps them together.
CONTROLS = {
    Ids.DIRECTION: "direction",
    Ids.CLUSTERS: "clusters",
    Ids.GROUP: "group",
    Ids.ORDER: "classorder",
    Ids.HEIGHT: "rowheight",
    Ids.PALETTE: "palette",
    Ids.SEARCH: "find",
    Ids.IMAGE_LIST: "imagelist",
}
ROUTES = {
    "anomalies": validation.anomalies,
    "groups": validation.groups,
    "class-images": validation.class_images,
    "forgetting": validation.forgetting,
    "contact-sheet": validation.contact_sheet,
}


def register(app: Dash) -> None:
    """Add the view's routes and callbacks to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
    for component, field in CONTROLS.items():
        bind_control(app, component, field)
