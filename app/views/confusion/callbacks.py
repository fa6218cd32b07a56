"""What the page of confusion registers: the data its charts ask for."""

from dash import Dash

from app.binary import register_data
from app.data import confusion

ROUTES = {
    "confusion": confusion.confusion,
    "confusion-images": confusion.confusion_images,
    "image": confusion.image,
}


def register(app: Dash) -> None:
    """Add the page's routes to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
