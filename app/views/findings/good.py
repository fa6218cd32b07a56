"""The part of the page about good runs: how many are marked for this recipe, and its own mark."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.components.times import time
from app.views.findings.ids import Item
from db.queries.runs.findings import FindingRow
from db.queries.runs.good_runs import Mark
from ingest.analysis.bands import LEAST_RUNS


def good_part(
    run_id: int, marks: Sequence[Mark], found: Sequence[FindingRow], *, may_mark: bool
) -> list[Component]:
    """Return what is said of good runs, the run's own mark, and which they are."""
    own = next((mark for mark in marks if mark.run_id == run_id), None)
    others = [mark for mark in marks if mark.run_id != run_id]
    parts: list[Component] = [html.P(_status(len(others), found), className="finding-text")]
    if own is not None:
        who = f"This run was marked as good by {own.account_name} "
        words: list[Any] = [who, time(own.created_at), "."]
        parts.append(html.P(words, className="dt-soft"))
    if others:
        items = [
            html.Li(dmc.Anchor(mark.run, href=f"/run/{mark.run_id}/overview")) for mark in others
        ]
        word = "run" if len(others) == 1 else "runs"
        said = f"{len(others)} other {word} marked as good"
        parts.append(html.Details([html.Summary(said), html.Ul(items)]))
    if may_mark:
        kind = Item.UNMARK if own is not None else Item.MARK
        text = "No longer a good run" if own is not None else "Mark this run as good"
        button = dmc.Button(
            text, id={"type": kind, "run": run_id}, variant="default", size="compact-xs"
        )
        parts.append(html.Div(button, className="finding-actions"))
    return parts


def _status(others: int, found: Sequence[FindingRow]) -> str:
    """Return whether the run is judged by good runs, and what came of it."""
    if others < LEAST_RUNS:
        return (
            f"{others} of {LEAST_RUNS} runs marked: this run is judged by good runs of its recipe "
            "(the same network and data set) once that many others are marked."
        )
    outside = sum(one.rule == "outside-band" for one in found)
    so_far = "It stays within their bands."
    if outside:
        word = "kind of series lies" if outside == 1 else "kinds of series lie"
        so_far = f"{outside} {word} outside their bands, see the findings above."
    return f"This run is judged by {others} good runs of its recipe. {so_far}"
