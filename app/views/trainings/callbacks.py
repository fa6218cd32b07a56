"""What the page shows and follows, and what can be done on it: start, search, fork, stop."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from app import store
from app.auth.identity import current_identity, require
from app.callbacks import Callbacks
from app.components import live_table
from app.components.clicks import clicked, is_id, relayed, text
from app.components.row_drawer import follow_rows
from app.components.texts import counted
from app.reading import reads
from app.views.trainings import form
from app.views.trainings.ids import CHANGES, Button, Ids, argument_id
from app.views.trainings.layout import FAST_MS, SLOW_MS
from app.views.trainings.rows import details, may_stop, no_match, none_yet, off, row
from db.errors import Conflict, NotFound
from db.permissions import Permission
from db.queries.runs import runs
from db.queries.trainings import scripts, training_requests, trainings
from db.queries.trainings.trainings import OPEN_STATES
from db.training_scripts import Script

PAGE = 25
callbacks = Callbacks()


def register(app: Dash) -> None:
    """Add the page's callbacks to the application."""
    callbacks.register(app)


@callbacks.callback(
    output={
        "table": live_table.outputs(Ids),
        "off": Output(Ids.OFF, "children"),
        "form": Output(Ids.FORM, "hidden"),
        "scripts": Output(Ids.SCRIPT, "data"),
        "interval": Output(Ids.TIMER, "interval"),
    },
    inputs={
        "causes": [Input(Ids.TIMER, "n_intervals"), CHANGES.of_any()],
        "search": Input(Ids.SEARCH, "value"),
        "state": Input(Ids.STATES, "value"),
        "page": Input(Ids.PAGER, "value"),
        "shown": State(Ids.SHOWN, "data"),
    },
)
@reads
def show(causes: object, search: object, state: object, page: object, shown: object) -> Any:
    """Return the parts of the page that changed; nothing where the timer asks and none did."""
    identity = current_identity()
    chosen = text(state)
    states = (
        (*OPEN_STATES, "lost") if chosen == "open" else () if chosen in ("", "all") else (chosen,)
    )
    wanted = text(search)
    with store.transaction() as session:
        offers = scripts.offers(session)
        number = trainings.count_trainings(session, states=states, search=wanted)
        pages = max(1, -(-number // PAGE))
        offset = (min(live_table.page_number(page), pages) - 1) * PAGE
        found = trainings.list_trainings(
            session, states=states, search=wanted, limit=PAGE, offset=offset
        )
        live = trainings.count_trainings(session, states=OPEN_STATES)
    digests = {
        "scripts": live_table.digest(offers),
        "trainings": live_table.digest(found, number, states, wanted),
    }
    known = shown if isinstance(shown, dict) else {}
    kept = live_table.skip_same(Ids.TIMER, digests, known)
    same = digests["scripts"] == known.get("scripts")
    choices = [{"value": one.script.id, "label": one.script.name} for one in offers]
    table = live_table.parts(
        [row(one, stoppable=may_stop(identity, one)) for one in found],
        empty=no_match() if wanted or states else none_yet(),
        count=counted(number, "training") if number else "",
        pages=pages,
    )
    may = identity.may(Permission.START_TRAININGS)
    return {
        "table": {**table, "shown": kept},
        "off": no_update if same else [] if offers else off(),
        "form": no_update if same or not may else not offers,
        "scripts": no_update if same or not may else choices,
        "interval": FAST_MS if live else SLOW_MS,
    }


@callbacks.callback(
    Output(Ids.SCRIPT, "value"),
    Input(Ids.SCRIPT, "data"),
    State(Ids.SCRIPT, "value"),
    State(Ids.FORK, "data"),
    prevent_initial_call=True,
)
@reads
def choose(choices: object, chosen: object, fork: object) -> str | None:
    """Choose the script of a fork's parent, or the first one where none is chosen."""
    listed = choices if isinstance(choices, list) else []
    ids = [one.get("value") for one in listed if isinstance(one, dict)]
    if isinstance(fork, dict):
        with store.transaction() as session:
            wanted = _parent(session, fork).script
        return wanted if wanted in ids else None
    if chosen in ids or not ids:
        raise PreventUpdate
    return text(ids[0])


def _parent(session: Session, fork: dict[str, Any]) -> trainings.TrainingRow:
    run_id = fork.get("run")
    if not is_id(run_id):
        raise PreventUpdate
    found = trainings.of_run(session, run_id=run_id)
    if found is None:
        raise NotFound("training that recorded run", run_id)
    return found


@callbacks.callback(
    Output(Ids.FIELDS, "children"),
    Output(Ids.ABOUT, "children"),
    Output(Ids.BUDGET_FIELD, "hidden"),
    Input(Ids.SCRIPT, "value"),
    Input(Ids.SEARCH_KIND, "value"),
    State(Ids.FORK, "data"),
    State(argument_id(ALL), "value"),
    prevent_initial_call=True,
    # Nothing can be typed into fields that are just being replaced.
    running=[(Output(Ids.FIELDS, "disabled"), True, False)],
)
@reads
def show_fields(
    script: object, search: object, fork: object, _values: object
) -> tuple[Any, Any, bool]:
    """Return the fields of the chosen script; for another kind of search with what was typed."""
    require(Permission.START_TRAININGS)
    kind = text(search) if text(search) in form.SEARCHES else "one"
    if not text(script):
        raise PreventUpdate
    with store.transaction() as session:
        found = scripts.offered(session, script=text(script))
        about: list[Any] = [html.P(found.help)] if found.help else []
        values: dict[str, Any] = {}
        if isinstance(fork, dict):
            parent = _parent(session, fork)
            values = dict(parent.arguments)
            name = runs.get_run(session, run_id=fork["run"]).name
            about = [html.P(f"It goes on from {name}, with its arguments but for what is changed:")]
    typed = _sent() if ctx.triggered_id == Ids.SEARCH_KIND else {}
    return form.fields(found, kind, values, typed), about, kind == "one"


@callbacks.callback(
    CHANGES.by("start"),
    Output(Ids.PROBLEM, "children"),
    Input(Ids.START, "n_clicks"),
    State(Ids.SCRIPT, "value"),
    State(Ids.SEARCH_KIND, "value"),
    State(argument_id(ALL), "value"),
    State(Ids.BUDGET, "value"),
    State(Ids.FORK, "data"),
    State(Ids.ITERATION, "value"),
    prevent_initial_call=True,
)
def start(
    clicks: object,
    script: object,
    search: object,
    _values: object,
    budget: object,
    fork: object,
    iteration: object,
) -> tuple[Any, str]:
    """Start a training, several, or a fork; or say what is wrong."""
    by = require(Permission.START_TRAININGS).account_id
    if not clicks:
        raise PreventUpdate
    try:
        with store.transaction() as session:
            found = scripts.offered(session, script=text(script))
            kind = text(search) or "one"
            given = form.read(found, kind, _sent())
            if isinstance(fork, dict):
                return _fork(session, fork, iteration, given, by), ""
            return _start(session, found, kind, given, budget, by), ""
    except (Conflict, NotFound) as error:
        return no_update, str(error)


def _sent() -> dict[str, object]:
    """Return what the browser sent for each argument, by name."""
    listed = next((one for one in ctx.states_list if isinstance(one, list)), [])
    return {text(one["id"].get("name")): one.get("value") for one in listed}


def _start(
    session: Session, script: Script, kind: str, given: dict[str, Any], budget: object, by: int
) -> list[Any]:
    if kind == "one":
        return ["one", training_requests.start(session, script=script.id, given=given, by=by)]
    number = budget if isinstance(budget, int) and not isinstance(budget, bool) else 0
    batch_id, _ = training_requests.start_batch(
        session, script=script.id, search=kind, given=given, budget=number, by=by
    )
    return ["batch", batch_id]


def _fork(
    session: Session, fork: dict[str, Any], iteration: object, given: dict[str, Any], by: int
) -> list[Any]:
    run_id = fork.get("run")
    if not is_id(run_id):
        raise PreventUpdate
    if not is_id(iteration):
        raise Conflict("Say before which iteration it is to go on: a whole number from 1.")
    made = training_requests.fork(session, run_id=run_id, iteration=iteration, given=given, by=by)
    return ["fork", made]


@callbacks.callback(
    CHANGES.by("stop"),
    relayed(callbacks, Ids.STOP_CLICKED, Input({"type": Button.STOP, "training": ALL}, "n_clicks")),
    prevent_initial_call=True,
)
def stop(click: object) -> list[Any]:
    """Stop a training."""
    by = require(Permission.START_TRAININGS).account_id
    _, training_id, clicks = clicked(click, "training")
    with store.transaction() as session:
        training_requests.stop(session, training_id=training_id, by=by)
    return ["stop", training_id, clicks]


def show_details(training_id: int) -> tuple[Component, str]:
    """Return what is known about a training and the end of its output, for the drawer."""
    with store.transaction() as session:
        training = trainings.get_training(session, training_id=training_id)
        output = trainings.output(session, training_id=training_id)
        batch = (
            []
            if training.batch_id is None
            else trainings.of_batch(session, batch_id=training.batch_id)
        )
    return details(training, output, batch), f"Training {training.id}"


follow_rows(
    callbacks,
    Ids,
    button=Button.OPEN,
    kind="training",
    # Its output grows without a change of the table.
    again=Input(Ids.TIMER, "n_intervals"),
    show=show_details,
)
