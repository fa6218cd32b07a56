"""What differs between runs as a table: settings, then what each run ended at and was at its best.

Beside a value stands its difference to the baseline. The runs are the columns where a page has room
for them, and the rows where they are many.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.charts import chart
from app.components.controls import select
from app.components.run_facts import fixed_facts
from app.components.texts import number, true_minus
from app.data.aligned import MOST_IN_DETAIL, settings_of
from app.data.outcomes import Outcome
from app.selection import bound
from app.views.compare.ids import Ids
from app.views.compare.words import letter
from db.queries.runs.runs import RunRow
from ingest.analysis.compare import as_text, compare_settings, is_seed
from ingest.analysis.outcomes import Change, change

NO_BASELINE = ""
_SIGNS = (
    "Beside each value is how much more (+) or less (−) it is than the baseline's. Less loss and "
    "error is better: green ✓ is better, red ✗ is worse. pp are percentage points."
)


@dataclass(frozen=True)
class Row:
    """One thing told of every run: its name, and for each run a text, what it sorts by, and maybe a
    change.
    """

    name: str
    texts: list[str]
    sorts: list[float | str | None]
    changes: list[Change | None]
    percent: bool = False


def settings_panel(
    runs: Sequence[RunRow], found: Sequence[Outcome], baseline: int | None
) -> Component:
    """Return the panel with the choice of the baseline and the table."""
    texts = {str(run.id): f"{letter(at)}  {run.name}" for at, run in enumerate(runs)}
    choice = select(
        bound(Ids.BASELINE, "baseline"), "Baseline", {NO_BASELINE: "none", **texts}, "", 240
    )
    return html.Section(
        [
            html.Div(
                [html.H2("What differs"), html.Span("Baseline", className="dt-soft"), choice],
                className="dt-panel-head",
            ),
            html.Div(settings_table(runs, found, baseline), id=Ids.SETTINGS),
        ],
        className="dt-panel compare-settings",
    )


def settings_table(
    runs: Sequence[RunRow], found: Sequence[Outcome] = (), baseline: int | None = None
) -> list[Component]:
    """Return what differs between the runs as a table, and the rest under a fold.

    `baseline` is the place of the run that the others are compared with; None: with none.
    """
    settings = compare_settings([settings_of(run) for run in runs])
    network = [dict(fixed_facts(run)).get("Network", "") for run in runs]
    different, same = list(settings.different), list(settings.same)
    if any(run.layer_count for run in runs):
        (different if len(set(network)) > 1 else same).append(("network", tuple(network)))
    rows = [_setting(name, values, baseline) for name, values in different]
    rows += [_outcome(one, baseline) for one in found]
    parts: list[Component] = []
    if not different:
        parts.append(_said("No differences: model, data set and all hyperparameters are the same."))
    elif all(is_seed(name) for name, _ in different):
        parts.append(_said("They differ only in the seed."))
    if baseline is not None:
        parts.append(_said(_SIGNS))
    if rows:
        parts.append(_table(runs, rows, baseline))
    if same:
        parts.append(_shared(same))
    return parts


def _said(text: str) -> Component:
    return html.P(text, className="dt-soft compare-said")


def _setting(name: str, values: Sequence[Any], baseline: int | None) -> Row:
    changes: list[Change | None] = [None] * len(values)
    if baseline is not None and not is_seed(name):
        base = values[baseline]
        changes = [
            change(float(one), float(base), less=None) if _is_number(one, base) else None
            for one in values
        ]
    texts = [as_text(one) for one in values]
    sorts = [
        (float(one) if math.isfinite(one) else None) if _is_number(one) else text
        for one, text in zip(values, texts, strict=True)
    ]
    return Row(name, texts, sorts, changes)


def _is_number(*values: Any) -> bool:
    return all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in values)


def _outcome(found: Outcome, baseline: int | None) -> Row:
    percent = found.format == "percent"
    values = found.values.tolist()
    changes: list[Change | None] = [None] * len(values)
    if baseline is not None:
        changes = [change(one, values[baseline], less=found.less) for one in values]
    sorts = [one if math.isfinite(one) else None for one in values]
    return Row(found.label, [_number(one, percent) for one in values], sorts, changes, percent)


def _number(value: float, percent: bool) -> str:
    if value != value:
        return "none"
    return f"{100 * value:.2f} %" if percent else number(value, 4)


def difference_text(found: Change, *, percent: bool) -> str:
    """Return a change as text: "−1.20 pp (−9.1 %)", "+0.02 (+40 %)"; "0" where there is none."""
    if found.by == 0:
        return "±0"
    by = f"{100 * found.by:+.2f} pp" if percent else number(found.by, signed=True)
    share = "" if found.share is None else f" ({_share(100 * found.share)} %)"
    return true_minus(f"{by}{share}")


def _share(percent: float) -> str:
    return f"{percent:+.3g}" if abs(percent) < 100 else f"{percent:+,.0f}"


def _kind(found: Change) -> Literal["better", "worse", "other"]:
    if found.better is None:
        return "other"
    return "better" if found.better else "worse"


def _cell(row: Row, at: int, baseline: int | None) -> Component:
    text, found = row.texts[at], row.changes[at]
    if found is None or at == baseline:
        return html.Td(text, title=text, className="compare-base" if at == baseline else None)
    said, kind = difference_text(found, percent=row.percent), _kind(found)
    sign = {"better": " ✓", "worse": " ✗", "other": ""}[kind]
    title = f"{text}, {said}" + ("" if kind == "other" else f": {kind} than the baseline")
    return html.Td(
        [text, html.Small(f"{said}{sign}", className=f"compare-change compare-{kind}")],
        title=title,
    )


_LABEL = "Settings and results that differ"


def _table(runs: Sequence[RunRow], rows: Sequence[Row], baseline: int | None) -> Component:
    """Return the table: of many runs one that the browser draws (web/table.ts)."""
    names = [f"{letter(at)}  {run.name}" for at, run in enumerate(runs)]
    if len(runs) > MOST_IN_DETAIL:
        told = [
            {
                "name": name,
                "base": at == baseline,
                "cells": [_told(row, at, baseline) for row in rows],
            }
            for at, name in enumerate(names)
        ]
        columns = [row.name for row in rows]
        return chart(Ids.TABLE, "comparetable", label=_LABEL, heads=columns, rows=told)
    heads = [
        html.Th("Setting", scope="col"),
        *(html.Th(name, scope="col", title=name) for name in names),
    ]
    body = [
        html.Tr(
            [
                html.Th(row.name, scope="row"),
                *(_cell(row, at, baseline) for at in range(len(runs))),
            ]
        )
        for row in rows
    ]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(body)],
        className="compare-table",
        **aria(label=_LABEL),
    )
    # What scrolls can be scrolled by the keyboard.
    return html.Div(table, className="compare-scroll", tabIndex=0)


def _told(row: Row, at: int, baseline: int | None) -> dict[str, Any]:
    found = None if at == baseline else row.changes[at]
    return {
        "text": row.texts[at],
        "value": row.sorts[at],
        "change": "" if found is None else difference_text(found, percent=row.percent),
        "kind": "other" if found is None else _kind(found),
    }


def _shared(same: Sequence[tuple[str, tuple[Any, ...]]]) -> Component:
    rows = [
        html.Tr([html.Th(name, scope="row"), html.Td(as_text(values[0]), title=as_text(values[0]))])
        for name, values in same
    ]
    table = html.Table(
        html.Tbody(rows), className="compare-table", **aria(label="Settings that are the same")
    )
    many = "1 setting is the same" if len(same) == 1 else f"{len(same)} settings are the same"
    return html.Details(
        [
            html.Summary(many),
            html.Div(table, className="compare-scroll"),
        ],
        className="compare-same",
    )
