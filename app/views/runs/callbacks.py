"""What the runs page does: sort, search, turn pages, follow what is recording."""

from dataclasses import replace
from typing import Any

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity
from app.callbacks import Callbacks
from app.components import live_table
from app.reading import reads
from app.views.runs import acts, bulk, deletion, details, done, rows, table_views
from app.views.runs.alert_notice import notice
from app.views.runs.columns import TITLES, head
from app.views.runs.ids import CHANGES, Ids
from app.views.runs.layout import FAST_MS, SLOW_MS, empty_shelf, first_steps, no_match
from app.views.runs.listing import listing
from app.views.runs.row import may_choose
from app.views.runs.rows import Columns
from db.queries.run_table import names
from db.queries.run_table.tree import FilterError
from db.queries.runs.runs import Shelf

callbacks = Callbacks()


def register(app: Dash) -> None:
    """Add the page's callbacks to the application."""
    callbacks.register(app)
    app.callback(
        Output(Ids.ALERTS, "children"),
        Output(Ids.ALERTS_SHOWN, "data"),
        Input(Ids.TIMER, "n_intervals"),
        State(Ids.ALERTS_SHOWN, "data"),
    )(notice)
    details.register(app)
    bulk.register(app)
    done.register(app)
    deletion.register(app)
    table_views.register(app)


@callbacks.callback(
    Output(Ids.ORDER, "data"),
    Input(Ids.SORTED, "data"),
    State(Ids.ORDER, "data"),
    prevent_initial_call=True,
)
@reads
def choose_order(clicked: object, data: object) -> dict[str, Any]:
    """Return the order after a click on a head."""
    by = clicked.get("by") if isinstance(clicked, dict) else None
    if not isinstance(by, str) or rows.read_order({"by": by}).by != by:
        raise PreventUpdate
    order = rows.next_order(rows.read_order(data), by)
    return {"by": order.by, "descending": order.descending}


@callbacks.callback(
    Output(Ids.COLUMNS, "data"), Input(Ids.COLUMNS_OPEN, "n_clicks"), prevent_initial_call=True
)
@reads
def suggest_columns(_clicks: object) -> list[dict[str, Any]]:
    """Return what there is to choose: fields, hyperparameters, numbers of scalars."""
    with store.transaction() as session:
        found = names.known_names(session)
    return [
        {"group": "Fields", "items": list(TITLES)},
        {"group": "Hyperparameters", "items": list(found.hyperparameters)},
        {"group": "Scalars", "items": list(found.scalars)},
    ]


@callbacks.callback(
    output={
        "table": live_table.outputs(Ids),
        "head": Output(Ids.HEAD, "children"),
        "problem": Output(Ids.SEARCH, "error"),
        "columns": Output(Ids.COLUMNS, "error"),
        "address": Output(Ids.TABLE, "data-address"),
        "interval": Output(Ids.TIMER, "interval"),
        "shelf": Output(Ids.BULK, "data-shelf"),
    },
    inputs={
        "causes": [Input(Ids.TIMER, "n_intervals"), CHANGES.of_any()],
        "search": Input(Ids.SEARCH, "value"),
        "order": Input(Ids.ORDER, "data"),
        "page": Input(Ids.PAGER, "value"),
        "shelf": Input(Ids.SHELF, "value"),
        "columns": Input(Ids.COLUMNS, "value"),
        "only": Input(Ids.ONLY, "data"),
        "shown": State(Ids.SHOWN, "data"),
    },
)
@reads
def show_runs(
    causes: object,
    search: object,
    order: object,
    page: object,
    shelf: object,
    columns: object,
    only: object,
    shown: object,
) -> dict[str, Any]:
    """Return the rows of the page, and everything around them; nothing where nothing changed.

    `only`: the ids of the runs that alone should be listed, those that were ticked. Where the
    search is a filter that cannot be meant, it is said so, and the table stays.
    """
    typed = search if isinstance(search, str) else ""
    state = rows.State(
        typed,
        Shelf(str(shelf)) if str(shelf) in list(Shelf) else Shelf.ACTIVE,
        rows.read_order(order),
        rows.read_columns(columns).names,
        live_table.page_number(page),
    )
    try:
        with store.transaction() as session:
            found = listing(session, state, tuple(acts.read_ids(only)))
    except FilterError as error:
        return _refused(str(error))
    kept = live_table.skip_same(Ids.TIMER, found.digest, shown)
    identity, place = current_identity(), state.shelf
    boxes = {
        run.id
        for run in found.page.rows
        if run.id not in found.ending and may_choose(run, identity, place)
    }
    made = Columns(state.columns)
    total, matching = found.page.found, found.page.matching
    empty: Any = None
    if not matching:
        there = no_match(typed) if total else empty_shelf(place)
        empty = first_steps() if place is Shelf.ACTIVE and not total else there
    return {
        "table": {
            **live_table.parts(
                found.rows(boxes), empty=empty, count=_count(matching, total),
                pages=found.page.pages,
            ),
            "shown": kept,
        },
        "head": head(made, state.order, boxes=bool(boxes), numeric=found.numeric),
        "problem": None,
        "columns": rows.read_columns(columns).problem or None,
        "address": replace(state, page=found.page.number).query(),
        "interval": FAST_MS if found.page.recording else SLOW_MS,
        "shelf": place,
    }  # fmt: skip


def _refused(problem: str) -> dict[str, Any]:
    """Say what is wrong with the filter; everything else stays."""
    parts = ("head", "columns", "address", "interval", "shelf")
    stays: dict[str, Any] = dict.fromkeys(parts, no_update)
    table = dict.fromkeys(live_table.outputs(Ids), no_update)
    # The table is then not what is typed, so that it must come anew with the next good filter.
    return {**stays, "table": {**table, "shown": None}, "problem": problem}


def _count(matching: int, found: int) -> str:
    if not found:
        return ""
    return f"{matching:,} of {found:,}" if matching != found else f"{found:,}"
