"""The runs page: search, table, and how to get a first run."""

from datetime import UTC, datetime, timedelta

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.auth.identity import Identity
from app.components.attributes import aria
from app.components.tables import Column, cell, nothing, percent, progress, state_badge, table
from app.components.times import time
from app.views import PageContext
from app.views.compare.choice import compare_box, compare_link
from app.views.findings.cards import severity_badge
from app.views.runs.bulk import bulk_bar
from app.views.runs.details import drawer, open_button
from app.views.runs.ids import Ids
from app.views.runs.rows import planned_snapshots
from db.permissions import Permission
from db.queries.run_upkeep import TRASH_DAYS
from db.queries.runs import RunRow, Shelf

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
    Column(""),
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
    choosing = context.identity.may(Permission.COMPARE)
    return html.Div(
        [
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
                    *([bulk_bar(), compare_link()] if choosing else []),
                ],
                className="dt-page-head",
            ),
            html.Div(
                table(_columns(context.identity), body_id=Ids.BODY, label="Runs"),
                id=Ids.TABLE,
                hidden=True,
            ),
            dmc.Pagination(id=Ids.PAGER, total=1, value=1, size="sm", mt="md", display="none"),
            html.Div(id=Ids.EMPTY),
            drawer(),
        ],
        className="dt-page",
    )


def _columns(identity: Identity) -> tuple[Column, ...]:
    first = (Column("Choose"),) if identity.may(Permission.COMPARE) else ()
    return (*first, *_COLUMNS)


def row(
    run: RunRow,
    worst: tuple[str, int] | None = None,
    *,
    annotations: int = 0,
    comparable: bool = False,
) -> Component:
    """Return one run as a row; `worst` is its worst severity with the number of such findings.

    `annotations` is how many of them are open; `comparable`: with a box to tick for comparing.
    """
    shown = percent(run.last_error)
    lost = f" · {run.lost_snapshots:,} lost" if run.lost_snapshots else ""
    return html.Tr(
        [
            *([cell(None if run.trashed_at else compare_box(run))] if comparable else []),
            cell([state_badge(run.state), _silence(run)]),
            cell(
                [
                    _name(run),
                    *(
                        dmc.Badge(
                            tag, variant="default", size="xs", tt="none", className="runs-tag"
                        )
                        for tag in run.tags
                    ),
                    _annotations(run, annotations) if annotations else None,
                    _end(run.trashed_at) if run.trashed_at else None,
                ]
            ),
            cell(run.model),
            cell(html.Span(run.dataset, className="runs-one-line", title=run.dataset)),
            cell(
                [
                    progress(
                        run.snapshot_count,
                        planned_snapshots(run),
                        live=run.recording,
                        label=f"Snapshots of {run.name}",
                    ),
                    html.Span(lost, className="dt-soft"),
                ]
            ),
            cell(shown, numeric=True),
            cell(_findings(run, worst)),
            cell(html.Span(run.owner or "–", className="runs-one-line", title=run.owner)),
            cell(time(run.created_at)),
            cell(open_button(run)),
        ],
        key=str(run.id),
    )


def _silence(run: RunRow) -> Component | None:
    since = run.silent_since(datetime.now(UTC))
    if since is None:
        return None
    return html.Div(
        ["last sign of life ", time(since)],
        className="dt-soft runs-silent",
        title="It claims to record, and no snapshot has come for ten times as long as one took: "
        "was the training stopped, or is nobody loading its log?",
    )


def _name(run: RunRow) -> Component:
    if run.trashed_at is not None:
        return html.Span(run.name, className="dt-main")
    return dmc.Anchor(run.name, href=f"/run/{run.id}/overview", className="dt-main", fw=600)


def _end(trashed_at: datetime) -> Component:
    last = trashed_at + timedelta(days=TRASH_DAYS)
    return html.Div(f"deleted for good on {last:%Y-%m-%d}", className="dt-soft")


def _findings(run: RunRow, worst: tuple[str, int] | None) -> Component:
    if worst is None:
        return html.Span("–", className="dt-soft")
    severity, number = worst
    return dmc.Anchor(
        severity_badge(severity, number=number),
        href=f"/run/{run.id}/findings",
        underline="never",
        **aria(label=f"{number} findings of {severity} severity in {run.name}"),
    )


def _annotations(run: RunRow, number: int) -> Component:
    words = f"{number:,} open annotation{'' if number == 1 else 's'} of {run.name}"
    return dmc.Anchor(
        f"✎ {number:,}",
        href=f"/annotations?run={run.id}",
        className="annotations-count",
        **aria(label=words),
    )


def no_match(search: str) -> Component:
    """Return what stands where the search finds nothing."""
    return nothing("No run matches", html.P(f"Nothing holds all the words of “{search}”."))


def empty_shelf(shelf: Shelf) -> Component:
    """Return what stands where a shelf holds no run."""
    if shelf is Shelf.TRASH:
        return nothing(
            "The trash is empty",
            html.P(f"Runs that are thrown away wait here for {TRASH_DAYS} days: ⋯ in a run's row."),
        )
    return nothing("Nothing is archived", html.P("Archive a run that is done with: ⋯ in its row."))


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
    )


def _code(text: str) -> Component:
    return html.Div(
        [
            html.Pre(html.Code(text.rstrip())),
            dcc.Clipboard(content=text, title="Copy", className="dt-copy"),
        ],
        className="dt-code",
    )
