"""What the runs page does: sort, search, turn pages, follow what is recording."""

from dataclasses import replace
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from app import store
from app.auth.identity import current_identity
from app.callbacks import Callbacks
from app.components import live_table
from app.reading import reads
from app.views.runs import acts, bulk, deletion, details, done, matched, rows, table_views
from app.views.runs.alert_notice import notice
from app.views.runs.columns import GROUPS, TITLES, head
from app.views.runs.grouped import grouped
from app.views.runs.ids import CHANGES, Ids
from app.views.runs.layout import (
    FAST_MS,
    SLOW_MS,
    empty_shelf,
    first_steps,
    no_match,
    not_understood,
)
from app.views.runs.listing import listing
from app.views.runs.row import may_choose
from app.views.runs.rows import Columns
from db.queries.run_table import names
from db.queries.run_table.groups import GroupPage
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
    matched.register(app)
    done.register(app)
    deletion.register(app)
    table_views.register(app)


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


@callbacks.callback(Output(Ids.GROUP, "data"), Input(Ids.GROUP, "id"), State(Ids.GROUP, "value"))
@reads
def suggest_groups(_opened: object, chosen: object) -> list[dict[str, Any]]:
    """Return what runs can be grouped by: fields and hyperparameters, and what they are by now."""
    with store.transaction() as session:
        found = names.known_names(session)
    own = {*GROUPS, *found.hyperparameters}
    kept = [chosen] if isinstance(chosen, str) and chosen not in own else []
    return [
        {"group": "Fields", "items": [*GROUPS, *kept]},
        {"group": "Hyperparameters", "items": list(found.hyperparameters)},
    ]


_ASKED = {
    "search": Input(Ids.SEARCH, "value"),
    "order": Input(Ids.ORDER, "data"),
    "page": Input(Ids.PAGER, "value"),
    "shelf": Input(Ids.SHELF, "value"),
    "columns": Input(Ids.COLUMNS, "value"),
    "group": Input(Ids.GROUP, "value"),
    "unfolded": Input(Ids.UNFOLDED, "data"),
    "widths": Input(Ids.WIDTHS, "data"),
    "pinned": Input(Ids.PINNED, "value"),
}


def _state(given: dict[str, Any]) -> rows.State:
    search, shelf = given.get("search"), str(given.get("shelf"))
    columns = rows.read_columns(given.get("columns")).names
    return rows.State(
        search if isinstance(search, str) else "",
        Shelf(shelf) if shelf in list(Shelf) else Shelf.ACTIVE,
        rows.read_order(given.get("order")),
        columns,
        live_table.page_number(given.get("page")),
        rows.read_group(given.get("group")),
        rows.read_unfolded(given.get("unfolded")),
        rows.read_look(given.get("widths"), given.get("pinned"), columns),
    )


@callbacks.callback(
    output={
        "table": live_table.outputs(Ids),
        "head": Output(Ids.HEAD, "children"),
        "problem": Output(Ids.SEARCH, "error"),
        "columns": Output(Ids.COLUMNS, "error"),
        "address": Output(Ids.TABLE, "data-address"),
        "interval": Output(Ids.TIMER, "interval"),
        "shelf": Output(Ids.BULK, "data-shelf"),
        "matching": Output(Ids.BULK, "data-matching"),
        "match": Output(Ids.BULK, "data-match"),
    },
    inputs={
        "causes": [Input(Ids.TIMER, "n_intervals"), CHANGES.of_any()],
        "asked": _ASKED,
        "only": Input(Ids.ONLY, "data"),
        "shown": State(Ids.SHOWN, "data"),
    },
)
@reads
def show_runs(causes: object, asked: object, only: object, shown: object) -> dict[str, Any]:
    """Return the rows of the page, and everything around them; nothing where nothing changed.

    `only`: the ids of the runs that alone should be listed, those that were ticked. Where the
    search is a filter that cannot be meant, it is said so, and the table stays.
    """
    given = asked if isinstance(asked, dict) else {}
    state, those = _state(given), tuple(acts.read_ids(only))
    try:
        with store.transaction() as session:
            read = grouped if state.group else listing
            found = read(session, state, those)
    except FilterError as error:
        return _refused(state.search, error)
    kept = live_table.skip_same(Ids.TIMER, found.digest, shown)
    identity, place = current_identity(), state.shelf
    boxes = {
        run.id
        for one in found.listings
        for run in one.page.rows
        if run.id not in one.ending and may_choose(run, identity, place)
    }
    total, matching = found.page.found, found.page.matching
    return {
        "table": {
            **live_table.parts(
                found.rows(boxes),
                empty=_empty(state, matching, total),
                count=_count(matching, total, found.page),
                pages=found.page.pages,
            ),
            "shown": kept,
        },
        "head": head(
            Columns(state.columns),
            state.order,
            state.look,
            boxes=bool(boxes),
            numeric=found.numeric,
        ),
        "problem": None,
        "columns": rows.read_columns(given.get("columns")).problem or None,
        "address": replace(state, page=found.page.number).query(),
        "interval": FAST_MS if found.page.recording else SLOW_MS,
        "shelf": place,
        "matching": str(matching),
        "match": matched.mark(state, those),
    }


def _empty(state: rows.State, matching: int, total: int) -> Any:
    if matching:
        return None
    there = no_match(state.search) if total else empty_shelf(state.shelf)
    return first_steps() if state.shelf is Shelf.ACTIVE and not total else there


def _refused(search: str, error: FilterError) -> dict[str, Any]:
    """Say what is wrong with the filter; everything else stays, a new page says it instead."""
    parts = ("head", "columns", "address", "interval", "shelf", "matching", "match")
    stays: dict[str, Any] = dict.fromkeys(parts, no_update)
    table: dict[str, Any] = dict.fromkeys(live_table.outputs(Ids), no_update)
    if ctx.triggered_id is None:
        table["empty"] = not_understood(search, error)
    # The table is then not what is typed, so that it must come anew with the next good filter.
    return {**stays, "table": {**table, "shown": None}, "problem": str(error)}


def _count(matching: int, found: int, page: object) -> str:
    if not found:
        return ""
    words = f"{matching:,} of {found:,}" if matching != found else f"{found:,}"
    return f"{words} in {page.total:,} groups" if isinstance(page, GroupPage) else words
