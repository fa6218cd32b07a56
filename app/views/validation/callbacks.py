"""What the validation view registers: the data its charts ask for."""

from dash import Dash

from app.binary import register_data
from app.data import validation

ROUTES = {
    "anomalies": validation.anomalies,
    "groups": validation.groups,
    "class-images": validation.class_images,
    "forgetting": validation.forgetting,
    "contact-sheet": validation.contact_sheet,
}


def register(app: Dash) -> None:
    """Add the view's routes to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
