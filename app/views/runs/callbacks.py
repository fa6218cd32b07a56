"""What the runs page does: sort, search, turn pages, follow what is recording."""

from datetime import UTC, datetime
from typing import Any

from dash import Dash, Input, Output, State, ctx
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity
from app.callbacks import Callbacks
from app.components import live_table
from app.components.tables import head_cell_id, sort_marks
from app.components.verdict import verdicts
from app.reading import reads
from app.views.runs import acts, bulk, deletion, details, done, rows
from app.views.runs.alert_notice import notice
from app.views.runs.ids import CHANGES, Ids
from app.views.runs.layout import FAST_MS, SLOW_MS, empty_shelf, first_steps, no_match
from app.views.runs.row import may_choose, row
from db.queries.runs import findings, run_upkeep, runs
from db.queries.runs.runs import RunRow, Shelf
from db.queries.team import annotation_search

_SORTS = tuple(rows.SORT_KEYS)


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


@callbacks.callback(
    Output(Ids.ORDER, "data"),
    *(Input(sort, "n_clicks") for sort in _SORTS),
    State(Ids.ORDER, "data"),
    prevent_initial_call=True,
)
@reads
def choose_order(*inputs: Any) -> dict[str, Any]:
    """Return the order after a click on a head."""
    *_, data = inputs
    if ctx.triggered_id not in _SORTS or not any(inputs[:-1]):
        raise PreventUpdate
    order = rows.next_order(rows.read_order(data), str(ctx.triggered_id))
    return {"by": order.by, "descending": order.descending}


@callbacks.callback(
    output={
        "table": live_table.outputs(Ids),
        "interval": Output(Ids.TIMER, "interval"),
        "no_boxes": Output(Ids.CHOOSE, "hidden"),
        "shelf": Output(Ids.BULK, "data-shelf"),
        "sorts": [Output(head_cell_id(sort), "aria-sort") for sort in _SORTS],
    },
    inputs={
        "causes": [Input(Ids.TIMER, "n_intervals"), CHANGES.of_any()],
        "search": Input(Ids.SEARCH, "value"),
        "order": Input(Ids.ORDER, "data"),
        "page": Input(Ids.PAGER, "value"),
        "shelf": Input(Ids.SHELF, "value"),
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
    only: object,
    shown: object,
) -> dict[str, Any]:
    """Return the rows of the page, and everything around them; nothing where nothing changed.

    `only`: the ids of the runs that alone should be listed, those that were ticked.
    """
    identity, ticked = current_identity(), acts.read_ids(only)
    with store.transaction() as session:
        place = Shelf(str(shelf)) if str(shelf) in list(Shelf) else Shelf.ACTIVE
        found = runs.list_runs(session, shelf=place)
        if ticked and place is not Shelf.TRASH:
            other = Shelf.ARCHIVED if place is Shelf.ACTIVE else Shelf.ACTIVE
            found += runs.list_runs(session, shelf=other)
        ending = run_upkeep.being_deleted(session) if place is Shelf.TRASH else set()
        worst = findings.worst_by_run(session)
        notes = annotation_search.open_counts(session)
    asked = search if isinstance(search, str) else ""
    wanted = rows.read_order(order)
    listed = [run for run in found if run.id in ticked] if ticked else found
    matching = rows.matching(listed, asked)
    on_page, number, pages = rows.page_of(
        rows.ordered(matching, wanted), live_table.page_number(page)
    )
    with store.transaction() as session:
        thought = verdicts(session, on_page)
    state = _digest(
        on_page,
        len(found),
        (
            (asked, wanted, number, place, ticked, sorted(ending)),
            [(worst.get(run.id), notes.get(run.id), thought[run.id]) for run in on_page],
        ),
    )
    kept = live_table.skip_same(Ids.TIMER, state, shown)
    empty: Any = None
    if not matching:
        there = no_match(asked) if found else empty_shelf(place)
        empty = first_steps() if place is Shelf.ACTIVE and not found else there
    boxes = {run.id for run in on_page if run.id not in ending and may_choose(run, identity, place)}
    listing = [
        row(
            run,
            worst.get(run.id),
            thought=thought[run.id],
            annotations=notes.get(run.id, 0),
            choice=run.id in boxes if boxes else None,
            ending=run.id in ending,
        )
        for run in on_page
    ]
    count = _count(len(matching), len(found))
    return {
        "table": {
            **live_table.parts(listing, empty=empty, count=count, pages=pages),
            "shown": kept,
        },
        "interval": FAST_MS if any(run.recording for run in found) else SLOW_MS,
        "no_boxes": not boxes,
        "shelf": place,
        "sorts": sort_marks(_SORTS, by=wanted.by, descending=wanted.descending),
    }


def _digest(on_page: list[RunRow], number: int, asked: object) -> str:
    """Return a text that changes when anything that the page shows does (times aside)."""
    now = datetime.now(UTC)
    parts = [
        (
            *(run.id, run.this_version, run.state, run.owner, run.snapshot_count, run.name),
            *(run.tags, run.silent_since(now)),
        )
        for run in on_page
    ]
    return live_table.digest(parts, number, asked)


def _count(matching: int, found: int) -> str:
    if not found:
        return ""
    return f"{matching:,} of {found:,}" if matching != found else f"{found:,}"
