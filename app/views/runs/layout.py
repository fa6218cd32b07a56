"""The runs page: search, table, and how to get a first run."""

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.controls import segments
from app.components.data_table import frame, stores
from app.components.tables import nothing
from app.components.tour import tour_button
from app.view import PageContext
from app.views.runs.bulk import bulk_bar, bulk_stores
from app.views.runs.columns import column_choice, group_choice
from app.views.runs.deletion import dialog
from app.views.runs.details import drawer
from app.views.runs.done import done_notice
from app.views.runs.ids import Ids
from app.views.runs.rows import read_state
from app.views.runs.table_views import view_choice
from db.permissions import Permission
from db.queries.run_table.grammar import is_filter
from db.queries.run_table.tree import FilterError
from db.queries.runs.run_upkeep import TRASH_DAYS
from db.queries.runs.runs import Shelf

SHELVES = {Shelf.ACTIVE: "In use", Shelf.ARCHIVED: "Archive", Shelf.TRASH: "Trash"}
FAST_MS = 2_000
SLOW_MS = 10_000

_RECORD = """\
from deeptracker import Recorder

with Recorder(model, optimizer, "runs/my-run", validation=validation_set,
              classes=class_names, every=100) as recorder:
    for images, labels in loader:
        loss = criterion(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        recorder.step(train_loss=loss)
"""
_LOAD = "deeptracker ingest runs/my-run --follow"


def layout(context: PageContext) -> Component:
    """Return the page as its address says; the rows come by callback."""
    asked = read_state(context.search)
    shelves = {shelf.value: text for shelf, text in SHELVES.items()}
    return html.Div(
        [
            *bulk_stores(),
            dcc.Interval(id=Ids.TIMER, interval=SLOW_MS),
            dcc.Store(id=Ids.SHOWN),
            *stores("runs", asked.order, asked.look),
            dcc.Store(id=Ids.UNFOLDED, data=list(asked.unfolded)),
            dcc.Store(id=Ids.ALERTS_SHOWN),
            html.Div(id=Ids.ALERTS),
            html.Div(
                [
                    html.H1("Runs"),
                    html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                    segments(Ids.SHELF, "Which runs", shelves, asked.shelf),
                    dmc.TextInput(
                        id=Ids.SEARCH,
                        value=asked.search,
                        placeholder="Words, or lr < 0.1 and tag:baseline and error < 5%",
                        debounce=250,
                        w=400,
                        className="dt-search",
                        **aria(label="Search the runs"),
                    ),
                    group_choice(asked),
                    view_choice(context.identity),
                    column_choice(asked),
                    *_bring(context),
                ],
                className="dt-page-head",
            ),
            html.Div(
                frame("runs", label="Runs", head_id=Ids.HEAD, body_id=Ids.BODY),
                id=Ids.TABLE,
                hidden=True,
            ),
            dmc.Pagination(
                id=Ids.PAGER,
                total=asked.page,
                value=asked.page,
                size="sm",
                mt="md",
                display="none",
            ),
            html.Div(id=Ids.EMPTY),
            html.Div([done_notice(), bulk_bar(context.identity)], className="runs-foot"),
            drawer(),
            dialog(),
        ],
        className="dt-page",
    )


def _bring(context: PageContext) -> list[Component]:
    """Return the way to bring a run that is there already, for those who may."""
    if not context.identity.may(Permission.SCHEDULE_JOBS):
        return []
    return [
        dmc.Anchor(
            "Bring a run",
            href="/bring",
            className="dt-columns-open",
            underline="never",
            c="inherit",
        )
    ]


def no_match(search: str) -> Component:
    """Return what stands where the search finds nothing."""
    said = f"Nothing contains all the words of “{search}”."
    if is_filter(search):
        said = f"No run is as “{search}” says. A comparison with what a run lacks does not hold."
    return nothing("No run matches", html.P(said))


def not_understood(search: str, problem: FilterError) -> Component:
    """Return what stands in place of the table where an address brings a filter that is none."""
    return html.Div(
        nothing(
            "This filter is not understood",
            html.P(f"{problem}. Correct it in the field above, or empty it to see all runs."),
            html.Pre(f"{search}\n{' ' * (problem.at - 1)}▲", **aria(hidden="true")),
        ),
        className="runs-refused",
    )


def empty_shelf(shelf: Shelf) -> Component:
    """Return what stands where a shelf holds no run."""
    if shelf is Shelf.TRASH:
        return nothing(
            "The trash is empty",
            html.P(
                f"Deleted runs are kept here for {TRASH_DAYS} days. Select some, or press ⋯ in a "
                "run's row."
            ),
        )
    return nothing(
        "Nothing is archived",
        html.P("To archive runs you no longer need, select some, or press ⋯ in a run's row."),
    )


def first_steps() -> Component:
    """Return what a new team sees: how to record a run, how to load it."""
    return nothing(
        "Record your first run",
        html.P("Wrap the training loop; the recorder never changes the training:"),
        _code(_RECORD),
        html.P("Load it, also while it is still training:"),
        _code(_LOAD),
        html.P(
            [
                "Trained already, or logged with another tool? ",
                dmc.Anchor("Bring a run", href="/bring"),
                ": event files of TensorBoard, checkpoints, CSV and more.",
            ]
        ),
        html.P(
            [
                "Or ask for it on the page of ",
                dmc.Anchor("ingest jobs", href="/jobs"),
                ", where a worker loads it (",
                html.Code("deeptracker worker"),
                "). No training at hand? ",
                html.Code("deeptracker demo"),
                " trains a small network for a minute.",
            ]
        ),
        tour_button(),
    )


def _code(text: str) -> Component:
    return html.Div(
        [
            html.Pre(html.Code(text.rstrip())),
            dcc.Clipboard(content=text, title="Copy", className="dt-copy"),
        ],
        className="dt-code",
    )
