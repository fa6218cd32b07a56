"""A run as a row of the table of runs."""

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any

import dash_mantine_components as dmc
from dash import get_relative_path, html
from dash.development.base_component import Component

from app.auth.identity import Identity
from app.components import run_colours
from app.components.attributes import aria, data
from app.components.severity import severity_badge
from app.components.tables import cell, percent, progress
from app.components.texts import counted
from app.components.times import time
from app.components.verdict import UNKNOWN, Verdict, run_state, verdict_badge
from app.versions import version_token
from app.views.runs.acts import may_change_of
from app.views.runs.choice import compare_box
from app.views.runs.columns import value_cell
from app.views.runs.details import open_button
from app.views.runs.rows import USUAL, planned_snapshots
from db.permissions import Permission
from db.queries.runs.run_upkeep import TRASH_DAYS
from db.queries.runs.runs import RunRow, Shelf

# What a run's overview shows first, with what is selected where nothing was chosen.
_OVERVIEW = ("series", "class-error", "layer-profile?quantity=gradient&statistic=std")

_LOST = (
    "It is marked as recording, but there has been no snapshot for ten times the usual interval: "
    "was the training stopped, or is its log not being loaded?"
)
_QUIET = (
    "Nothing new has come for ten times the usual interval, and the tool that wrote the files does "
    "not say whether the training is over. It counts as complete after six hours without news."
)


def may_choose(run: RunRow, identity: Identity, place: Shelf) -> bool:
    """Return whether somebody may tick a run where it is: to compare it, or to move it."""
    return may_choose_of(run.owner_id, identity, place)


def may_choose_of(owner_id: int | None, identity: Identity, place: Shelf) -> bool:
    """Return whether somebody may tick the runs of an account."""
    may = may_change_of(owner_id, identity)
    return may or (place is not Shelf.TRASH and identity.may(Permission.COMPARE))


def row(
    run: RunRow,
    worst: tuple[str, int] | None = None,
    *,
    thought: Verdict = UNKNOWN,
    annotations: int = 0,
    choice: bool | None = None,
    ending: bool = False,
    columns: Sequence[str] = USUAL,
    values: Mapping[str, Any] | None = None,
    numeric: AbstractSet[str] = frozenset(),
    inside_group: bool = False,
) -> Component:
    """Return one run as a row; `worst` is its worst severity with the number of such findings.

    `thought` is its badge, and how its training ended where that was not well.
    `annotations` is how many of them are open; `choice` whether there is a box to tick, None where
    the table has no column of them; `ending`: a worker was asked to delete it for good. `values`
    are those of the columns that are none of USUAL, by name; those of `numeric` stand to the right.
    """
    usual = {
        "state": lambda: cell([run_state(run, thought), _silence(run)]),
        "name": lambda: _named(run, annotations, ending=ending),
        "model": lambda: cell(run.model),
        "dataset": lambda: cell(
            html.Span(run.dataset, className="runs-one-line", title=run.dataset)
        ),
        "snapshots": lambda: cell(_snapshots(run)),
        "error": lambda: cell(percent(run.last_error), numeric=True),
        "findings": lambda: cell(_findings(run, worst, thought)),
        "owner": lambda: cell(
            html.Span(run.owner or "–", className="runs-one-line", title=run.owner)
        ),
        "created": lambda: cell(time(run.created_at)),
    }
    return html.Tr(
        [
            html.Td(compare_box(run) if choice else None, hidden=choice is None),
            *(
                usual[name]()
                if name in usual
                else value_cell(name, (values or {}).get(name), numeric=name in numeric)
                for name in columns
            ),
            cell(open_button(run)),
        ],
        key=str(run.id),
        className="runs-within" if inside_group else "",
    )


def _named(run: RunRow, annotations: int, *, ending: bool) -> Component:
    return cell(
        [
            html.Span([run_dot(run.id), _name(run)], className="runs-named"),
            *(
                dmc.Badge(tag, variant="default", size="xs", tt="none", className="runs-tag")
                for tag in run.tags
            ),
            _annotations(run, annotations) if annotations else None,
            _place(run, ending=ending),
        ]
    )


def run_dot(run_id: int) -> Component:
    """Return a dot of the run's own colour, the one that its lines have wherever they are drawn."""
    colour = f"var(--compare-{run_colours.own_place(run_id)})"
    return html.Span(className="run-dot", style={"background": colour}, **aria(hidden="true"))


def _snapshots(run: RunRow) -> list[Component]:
    lost = f" · {run.lost_snapshots:,} lost" if run.lost_snapshots else ""
    return [
        progress(
            run.snapshot_count,
            planned_snapshots(run),
            live=run.recording,
            label=f"Snapshots of {run.name}",
        ),
        html.Span(lost, className="dt-soft"),
    ]


def _silence(run: RunRow) -> Component | None:
    since = run.silent_since(datetime.now(UTC))
    if since is None:
        return None
    return html.Div(
        ["last heartbeat " if run.heartbeats else "since ", time(since)],
        className="dt-soft runs-silent",
        title=_LOST if run.heartbeats else _QUIET,
    )


def _name(run: RunRow) -> Component:
    if run.trashed_at is not None:
        return html.Span(run.name, className="dt-main")
    base = get_relative_path(f"/data/run/{run.id}")
    return dmc.Anchor(
        run.name,
        href=f"/run/{run.id}/overview",
        className="dt-main",
        fw=600,
        # Asked for with the click, while the page is made (app/web/core/askahead.ts).
        **data(
            asks=json.dumps([f"{base}/{one}" for one in _OVERVIEW]),
            version=version_token(run.this_version),
        ),
    )


def _place(run: RunRow, *, ending: bool) -> Component | None:
    """Return what becomes of a run in the trash; nothing for others."""
    if run.trashed_at is None:
        return None
    last = run.trashed_at + timedelta(days=TRASH_DAYS)
    words = "a worker is deleting it" if ending else f"deleted for good on {last:%Y-%m-%d}"
    return html.Div(words, className="dt-soft")


def _findings(run: RunRow, worst: tuple[str, int] | None, thought: Verdict) -> Any:
    badge = verdict_badge(thought)
    if worst is None:
        return badge or html.Span("–", className="dt-soft")
    severity, number = worst
    found = dmc.Anchor(
        severity_badge(severity, number=number),
        href=f"/run/{run.id}/findings",
        underline="never",
        **aria(label=f"{counted(number, 'finding')} of {severity} severity in {run.name}"),
    )
    return [badge, found]


def _annotations(run: RunRow, number: int) -> Component:
    words = f"{counted(number, 'open annotation')} of {run.name}"
    return dmc.Anchor(
        f"✎ {number:,}",
        href=f"/annotations?run={run.id}",
        className="annotations-count",
        **aria(label=words),
    )
