"""What the validation view registers: the data its charts ask for."""

from dash import Dash

from app.binary import register_data
from app.views.validation import data

ROUTES = {
    "anomalies": data.anomalies,
    "groups": data.groups,
    "class-images": data.class_images,
    "forgetting": data.forgetting,
    "contact-sheet": data.contact_sheet,
}


def register(app: Dash) -> None:
    """Add the view's routes to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
