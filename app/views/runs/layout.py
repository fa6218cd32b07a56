"""The runs page: search, table, and how to get a first run."""

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.tables import ACTS, Column, nothing, table
from app.components.tour import tour_button
from app.view import PageContext
from app.views.runs.bulk import bulk_bar, bulk_stores
from app.views.runs.choice import choose_all
from app.views.runs.deletion import dialog
from app.views.runs.details import drawer
from app.views.runs.done import done_notice
from app.views.runs.ids import Ids
from db.queries.runs.run_upkeep import TRASH_DAYS
from db.queries.runs.runs import Shelf

SHELVES = {Shelf.ACTIVE: "In use", Shelf.ARCHIVED: "Archive", Shelf.TRASH: "Trash"}
FAST_MS = 2_000
SLOW_MS = 10_000

_COLUMNS = (
    Column("State", Ids.SORT_STATE),
    Column("Run", Ids.SORT_NAME),
    Column("Model", Ids.SORT_MODEL),
    Column("Data set", Ids.SORT_DATASET),
    Column("Snapshots", Ids.SORT_SNAPSHOTS),
    Column("Last error", Ids.SORT_ERROR, numeric=True),
    Column("Findings"),
    Column("Owner", Ids.SORT_OWNER),
    Column("Created", Ids.SORT_CREATED),
    ACTS,
)

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
    """Return the page; its rows come by callback."""
    return html.Div(
        [
            *bulk_stores(),
            dcc.Interval(id=Ids.TIMER, interval=SLOW_MS),
            dcc.Store(id=Ids.SHOWN),
            dcc.Store(id=Ids.ORDER),
            dcc.Store(id=Ids.ALERTS_SHOWN),
            html.Div(id=Ids.ALERTS),
            html.Div(
                [
                    html.H1("Runs"),
                    html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                    dmc.SegmentedControl(
                        id=Ids.SHELF,
                        data=[{"value": name, "label": text} for name, text in SHELVES.items()],
                        value=Shelf.ACTIVE,
                        size="xs",
                        **aria(label="Which runs"),
                    ),
                    dmc.TextInput(
                        id=Ids.SEARCH,
                        placeholder="Search by name, tag, model, data set, owner, notes",
                        debounce=250,
                        w=400,
                        className="dt-search",
                        **aria(label="Search the runs"),
                    ),
                ],
                className="dt-page-head",
            ),
            html.Div(
                table(_columns(), body_id=Ids.BODY, label="Runs"),
                id=Ids.TABLE,
                hidden=True,
            ),
            dmc.Pagination(id=Ids.PAGER, total=1, value=1, size="sm", mt="md", display="none"),
            html.Div(id=Ids.EMPTY),
            html.Div([done_notice(), bulk_bar(context.identity)], className="runs-foot"),
            drawer(),
            dialog(),
        ],
        className="dt-page",
    )


def _columns() -> tuple[Column, ...]:
    # Out of sight on pages without a box to tick (callbacks.py).
    return (Column("Select", content=choose_all(), head_id=Ids.CHOOSE), *_COLUMNS)


def no_match(search: str) -> Component:
    """Return what stands where the search finds nothing."""
    return nothing("No run matches", html.P(f"Nothing contains all the words of “{search}”."))


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
