"""A field that takes a path, and what it offers while one types: folders that workers see."""

from typing import Any

import dash_mantine_components as dmc
from dash.development.base_component import Component

from app import store
from app.auth.identity import require
from app.components.clicks import text
from db.permissions import Permission
from db.queries.jobs import places

OFFERED = 30


def place_field(id: str, **properties: Any) -> Component:
    """Return a field for a path; the arrow keys reach what it offers, and any text may stay."""
    return dmc.Autocomplete(
        id=id,
        data=[],
        maxDropdownHeight=320,
        # Paths are long, and differ at their end.
        classNames={"option": "dt-place"},
        **properties,
    )


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
