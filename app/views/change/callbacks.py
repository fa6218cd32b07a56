"""What the page of what changed does on the server: it follows the cursor and the pins."""

from collections.abc import Mapping

from dash import Dash, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import store
from app.components.clicks import is_id
from app.data.change import change, moments
from app.reading import reads
from app.selection import STORE
from app.views.change.ids import Ids
from app.views.change.tables import nothing, page
from db.queries.measurements import snapshots
from db.queries.runs import structure


def register(app: Dash) -> None:
    """Add the page's callback to the application."""
    app.callback(Output(Ids.BODY, "children"), Input(STORE, "data"), State(Ids.RUN, "data"))(show)


@reads
def show(selection: object, run_id: object) -> list[Component]:
    """Return what changed between the snapshots that are chosen."""
    if not is_id(run_id):
        raise PreventUpdate
    chosen = selection if isinstance(selection, Mapping) else {}
    cursor, pins = chosen.get("cursor"), chosen.get("pins")
    pins = [pin for pin in pins if is_id(pin)] if isinstance(pins, list) else []
    with store.transaction() as session:
        iterations = snapshots.iterations(session, run_id=run_id)
        found = moments(iterations, cursor if is_id(cursor) else None, pins)
        if found is None:
            return nothing(len(iterations))
        return page(
            run_id,
            change(session, run_id, *found),
            structure.layers(session, run_id=run_id).names,
            structure.classes(session, run_id=run_id).names,
            pinned=bool(pins),
        )
