"""The page's frame: start a training, then all of them as a table, and one in a drawer."""

from typing import Any
from urllib.parse import parse_qs

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app import store
from app.components.attributes import aria
from app.components.clicks import is_id
from app.components.controls import segments
from app.components.row_drawer import row_drawer
from app.components.tables import ACTS, Column, table
from app.view import PageContext
from app.views.trainings.form import SEARCHES
from app.views.trainings.ids import CHANGES, Ids
from db.errors import NotFound
from db.permissions import Permission
from db.queries.runs import runs
from db.training_search import MOST

FAST_MS = 1_000
SLOW_MS = 5_000
STATES = {
    "all": "All",
    "open": "Open",
    "succeeded": "Succeeded",
    "failed": "Failed",
    "stopped": "Stopped",
}


def layout(context: PageContext) -> Component:
    """Return the page; "?fork=12&iteration=800" asks for a fork of run 12 before that iteration."""
    may_start = context.identity.may(Permission.START_TRAININGS)
    fork = asked_fork(context.search) if may_start else None
    if fork and not fork["iteration"]:
        fork["iteration"] = _last_iteration(fork["run"])
    return html.Div(
        [
            dcc.Interval(id=Ids.TIMER, interval=SLOW_MS),
            dcc.Store(id=Ids.SHOWN),
            dcc.Store(id=Ids.STOP_CLICKED),
            dcc.Store(id=Ids.FORK, data=fork),
            *CHANGES.stores(),
            html.Div(
                [
                    html.H1("Trainings"),
                    html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                ],
                className="dt-page-head",
            ),
            html.Div(id=Ids.OFF),
            _form(fork) if may_start else _may_not(),
            _filter(),
            html.Div(
                table(
                    [
                        Column("State"),
                        Column("Training"),
                        Column("Arguments"),
                        Column("Run"),
                        Column("Requested"),
                        ACTS,
                    ],
                    body_id=Ids.BODY,
                    label="Trainings",
                ),
                id=Ids.TABLE,
                hidden=True,
            ),
            dmc.Pagination(id=Ids.PAGER, total=1, value=1, size="sm", mt="md", display="none"),
            html.Div(id=Ids.EMPTY),
            *row_drawer(Ids, "Training", "xl"),
        ],
        className="dt-page trainings-page",
    )


def asked_fork(search: str) -> dict[str, int] | None:
    """Return the run and the iteration that an address asks to fork, None where it asks none."""
    given = {name: values[-1] for name, values in parse_qs(search.lstrip("?")).items()}
    numbers = {
        name: int(text)
        for name, text in given.items()
        if name in ("fork", "iteration") and text.isascii() and text.isdecimal() and len(text) < 10
    }
    if not is_id(numbers.get("fork")):
        return None
    return {"run": numbers["fork"], "iteration": numbers.get("iteration", 0)}


def _last_iteration(run_id: int) -> int:
    """Return where the cursor rests that nobody moved: the run's last iteration, 0 for none."""
    try:
        with store.transaction() as session:
            return runs.get_run(session, run_id=run_id).last_iteration or 0
    except NotFound:
        return 0


def _may_not() -> Component:
    return html.P(
        "Your role may view trainings; only members and administrators may start them.",
        className="dt-soft",
    )


def _form(fork: dict[str, int] | None) -> Component:
    iteration: Any = fork["iteration"] or "" if fork else ""
    return html.Section(
        [
            html.H2("Fork a run" if fork else "Start a training"),
            html.Div(
                [
                    dmc.Select(
                        id=Ids.SCRIPT,
                        label="Training script",
                        description="As registered on a worker's host",
                        data=[],
                        allowDeselect=False,
                        disabled=fork is not None,
                        w=300,
                    ),
                    html.Div(
                        dmc.NumberInput(
                            id=Ids.ITERATION,
                            label="Before iteration",
                            description="It goes on from the last checkpoint before it",
                            value=iteration,
                            min=1,
                            allowDecimal=False,
                            w=240,
                        ),
                        hidden=fork is None,
                    ),
                    html.Div(
                        segments(Ids.SEARCH_KIND, "How many trainings", SEARCHES, "one"),
                        hidden=fork is not None,
                    ),
                ],
                className="dt-form-row trainings-what",
            ),
            html.Div(id=Ids.ABOUT, className="dt-soft trainings-about"),
            html.Fieldset(id=Ids.FIELDS, className="trainings-fields", **aria(label="Arguments")),
            html.Div(
                [
                    html.Div(
                        dmc.NumberInput(
                            id=Ids.BUDGET,
                            label="Budget",
                            description=f"At most so many trainings, up to {MOST}",
                            value=10,
                            allowDecimal=False,
                            w=240,
                        ),
                        id=Ids.BUDGET_FIELD,
                        hidden=True,
                    ),
                    dmc.Button("Start", id=Ids.START),
                    html.P(id=Ids.PROBLEM, className="dt-problem", role="alert"),
                ],
                className="dt-form-row trainings-start",
            ),
        ],
        id=Ids.FORM,
        className="trainings-form",
        hidden=True,
    )


def _filter() -> Component:
    return html.Div(
        [
            segments(Ids.STATES, "State of the trainings", STATES, "all"),
            dmc.TextInput(
                id=Ids.SEARCH,
                placeholder="Search by script, argument, run, person",
                debounce=250,
                w=320,
                size="xs",
                className="dt-search",
                **aria(label="Search the trainings"),
            ),
        ],
        className="trainings-filter",
    )
