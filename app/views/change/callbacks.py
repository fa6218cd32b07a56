"""What the page of what changed does on the server: which snapshots another run offers."""

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity
from app.components.clicks import is_id
from app.components.other_run import chosen_run
from app.reading import reads
from app.selection import control_id
from app.views.change.ids import Ids
from app.views.change.layout import Choices, choices
from app.views.change.words import OTHER_SNAPSHOTS
from db.permissions import Permission
from db.queries.measurements import snapshots


def register(app: Dash) -> None:
    """Add the page's callback to the application."""
    app.callback(
        Output(control_id(Ids.OTHER_AT, "otherat"), "data"),
        Output(Ids.OTHER_AT_HOLDER, "hidden"),
        Input(control_id(Ids.OTHER, "otherrun"), "value"),
        State(Ids.RUN, "data"),
    )(offer_snapshots)


@reads
def offer_snapshots(chosen: object, run_id: object) -> tuple[Choices, bool]:
    """Return the snapshots of the other run to choose from, and whether there is none chosen."""
    if not is_id(run_id):
        raise PreventUpdate
    other = chosen_run({"otherrun": chosen}, run_id)
    if other is None or not current_identity().may(Permission.COMPARE):
        return choices(OTHER_SNAPSHOTS, []), True
    with store.transaction() as session:
        found = snapshots.iterations(session, run_id=other)
    named = [(str(at), f"Iteration {at:,}") for at in found.tolist()]
    return choices(OTHER_SNAPSHOTS, named), False
