"""The fields of the jobs page that take a path, and what Enter does in them."""

from functools import partial

from dash import ClientsideFunction, Dash, Input, Output, ctx

from app.components.clicks import text
from app.components.place_field import offer
from app.reading import reads
from app.views.jobs.ids import Ids

# The fields, and whether they take the folder of a run; else one that holds such folders.
FIELDS = {Ids.LOCATION: True, Ids.SCHEDULE_LOCATION: True, Ids.FOLDER: False}

# Where Enter sends a field, unless it takes what is offered.
SENT = {Ids.LOCATION: Ids.LOCATION_SENT, Ids.FOLDER: Ids.FOLDER_SENT}


def register(app: Dash) -> None:
    """Let the fields offer folders."""
    for field, runs in FIELDS.items():
        offered = reads(partial(offer, runs=runs))
        app.callback(Output(field, "data"), Input(field, "value"))(offered)
    for field, sent in SENT.items():
        app.clientside_callback(
            ClientsideFunction("jobs", "sent"),
            Output(sent, "data"),
            Input(field, "n_submit"),
            prevent_initial_call=True,
        )


def sent_or_typed(sent: object, typed: object) -> str:
    """Return the text that Enter sent, where that is what called the callback; else the field's."""
    if ctx.triggered_id in SENT.values() and isinstance(sent, dict):
        return text(sent.get("text"))
    return text(typed)
