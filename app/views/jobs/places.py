"""The fields that take a path, and what they offer while one types: folders that workers see."""

from functools import partial
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, ctx
from dash.development.base_component import Component

from app import store
from app.auth.identity import require
from app.components.clicks import text
from app.reading import reads
from app.views.jobs.ids import Ids
from db.permissions import Permission
from db.queries.jobs import places

OFFERED = 30
# The fields, and whether they take the folder of a run; else one that holds such folders.
FIELDS = {Ids.LOCATION: True, Ids.SCHEDULE_LOCATION: True, Ids.FOLDER: False}

# Where Enter sends a field, unless it takes what is offered.
SENT = {Ids.LOCATION: Ids.LOCATION_SENT, Ids.FOLDER: Ids.FOLDER_SENT}


def place_field(id: Ids, **properties: Any) -> Component:
    """Return a field for a path; the arrow keys reach what it offers, and any text may stay."""
    return dmc.Autocomplete(
        id=id,
        data=[],
        maxDropdownHeight=320,
        # Paths are long, and differ at their end.
        classNames={"option": "jobs-place"},
        **properties,
    )


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


def offer(typed: object, *, runs: bool) -> list[Any]:
    """Return the folders that go with what was typed so far, those of runs apart."""
    require(Permission.SCHEDULE_JOBS)
    with store.transaction() as session:
        found = places.find(session, typed=text(typed), runs=runs, limit=OFFERED)
    groups = {"Runs": True, "Folders": False}
    return [
        {"group": name, "items": items}
        for name, is_run in groups.items()
        if (items := [place.location for place in found if place.is_run is is_run])
    ]
