"""The button that starts the newcomer's tour (app/web/help/tour.ts)."""

from dash import html

from app.components.attributes import data


def tour_button() -> html.Button:
    """Return the button, for a page that has nothing to show yet."""
    return html.Button("Take the tour", type="button", className="help-tour", **data(help="tour"))
