"""Ticking all runs that match, also those of other pages: the server says which they are."""

import json
from typing import Any

from dash import Input, Output, State
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity
from app.callbacks import Callbacks
from app.components import live_table
from app.reading import reads
from app.views.runs import acts, rows
from app.views.runs.ids import Ids
from app.views.runs.listing import asked_of
from app.views.runs.row import may_choose_of
from db.queries.run_table.page import matching_runs
from db.queries.run_table.tree import FilterError
from db.queries.runs import run_upkeep
from db.queries.runs.runs import Shelf

callbacks = Callbacks()
register = callbacks.register


def mark(state: rows.State, only: tuple[int, ...]) -> str:
    """Return what changes when other runs match; it does not with page, order and columns."""
    return live_table.digest(state.search, state.shelf, only)


@callbacks.callback(
    Output(Ids.BULK, "data-matched"),
    Input(Ids.MATCHING, "data"),
    State(Ids.SEARCH, "value"),
    State(Ids.SHELF, "value"),
    State(Ids.ORDER, "data"),
    State(Ids.ONLY, "data"),
    prevent_initial_call=True,
)
@reads
def tick_matching(
    clicked: object, search: object, shelf: object, order: object, only: object
) -> str:
    """Return id and name of the runs that match and may be ticked, acts.MOST at most, as JSON."""
    if not isinstance(clicked, dict):
        raise PreventUpdate
    identity, those = current_identity(), tuple(acts.read_ids(only))
    state = rows.State(
        search if isinstance(search, str) else "",
        Shelf(str(shelf)) if str(shelf) in list(Shelf) else Shelf.ACTIVE,
        rows.read_order(order),
    )
    try:
        with store.transaction() as session:
            found = matching_runs(session, asked_of(state, those), most=acts.MOST)
            ending = run_upkeep.being_deleted(session) if state.shelf is Shelf.TRASH else set()
    except FilterError as error:
        raise PreventUpdate from error
    told: list[Any] = [
        [str(run_id), name]
        for run_id, name, owner_id in found
        if run_id not in ending and may_choose_of(owner_id, identity, state.shelf)
    ]
    return json.dumps({"match": mark(state, those), "runs": told, "at": clicked.get("at")})
