"""The columns of the table of runs: their heads, their values, and how they are chosen."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.components.attributes import aria, data
from app.components.data_table import IN_SIGHT, MOVING, Head, heads, panel, usual_button
from app.components.severity import severity_badge
from app.components.table_state import Look
from app.components.tables import cell, percent
from app.components.times import duration, time
from app.components.verdict import COLOURS
from app.views.runs.choice import choose_all
from app.views.runs.ids import Ids
from app.views.runs.rows import (
    CURVE,
    DESCENDING_FIRST,
    MOST_COLUMNS,
    USUAL,
    Columns,
    Order,
    State,
)
from db.queries.run_table.fields import Kind, kind_of
from db.queries.run_table.grammar import read_field

TITLES = MappingProxyType(
    {
        "state": "State",
        "name": "Run",
        "model": "Model",
        "dataset": "Data set",
        "snapshots": "Snapshots",
        "error": "Last error",
        "findings": "Findings",
        "owner": "Owner",
        "created": "Created",
        "duration": "Duration",
        "age": "Age",
        "ended": "Ended",
        "tag": "Tags",
        "notes": "Notes",
        "iterations": "Iterations",
        "verdict": "Verdict",
        "severity": "Severity",
        "annotations": "Annotations",
        CURVE: "Error curve",
    }
)
_SORT_IDS = MappingProxyType(
    {
        "state": Ids.SORT_STATE,
        "name": Ids.SORT_NAME,
        "model": Ids.SORT_MODEL,
        "dataset": Ids.SORT_DATASET,
        "snapshots": Ids.SORT_SNAPSHOTS,
        "error": Ids.SORT_ERROR,
        "owner": Ids.SORT_OWNER,
        "created": Ids.SORT_CREATED,
    }
)
# What every run can be grouped by; hyperparameters come as they are found.
GROUPS = ("tag", "model", "dataset", "owner", "state", "verdict", "severity")
_NUMERIC = (Kind.NUMBER, Kind.SHARE, Kind.DURATION)


def head(
    columns: Columns,
    order: Order,
    look: Look,
    *,
    boxes: bool,
    numeric: AbstractSet[str] = frozenset(),
) -> Component:
    """Return the row of heads.

    `boxes`: whether any run can be ticked; `numeric` are the columns that stand to the right. The
    name stays in sight, and with it those that people chose.
    """
    choose = html.Th(choose_all(), scope="col", id=Ids.CHOOSE, hidden=not boxes)
    acts = html.Th(html.Span("Actions", className="dt-unseen"), scope="col")
    made = [
        Head(
            name,
            TITLES.get(name, name),
            numeric=name in numeric,
            descending_first=name in DESCENDING_FIRST,
            sort_id=_SORT_IDS.get(name),
        )
        for name in columns.names
    ]
    kept = replace(look, pinned=(*look.pinned, "name"))
    return heads(made, order, look=kept, before=[choose], after=[acts])


def is_numeric(name: str, values: Sequence[Any]) -> bool:
    """Return whether a column stands to the right; one of numbers does."""
    if name in USUAL or name == CURVE:
        return name == "error"
    kind = _kind(name)
    known_ones = [value for value in values if value is not None]
    plain = [isinstance(v, int | float) and not isinstance(v, bool) for v in known_ones]
    return kind in _NUMERIC or (kind is Kind.ANY and bool(plain) and all(plain))


@lru_cache(1_000)
def _kind(name: str) -> Kind:
    return kind_of(read_field(name))


def value_cell(name: str, value: Any, *, numeric: bool = False) -> Component:
    """Return the cell of a column that not every run's row has."""
    if name == CURVE:
        return cell(html.Span(className="runs-curve", **data(curve=_curve(value))))
    kind = _kind(name)
    return cell(_shown(name, kind, value), numeric=numeric)


def _curve(values: Any) -> str:
    return ",".join("" if one is None or one != one else f"{one:.4g}" for one in values or [])


def _shown(name: str, kind: Kind, value: Any) -> Any:
    if value is None or value in ([], ""):
        return "–"
    if kind is Kind.SHARE:
        return percent(value)
    if kind is Kind.DURATION:
        return duration(value) or "–"
    if isinstance(value, datetime):
        return time(value)
    if kind is Kind.SEVERITY:
        return severity_badge(value)
    if name == "verdict":
        return dmc.Badge(value, color=COLOURS[value], variant="light", size="sm", tt="none")
    return html.Span(_text(value), className="runs-one-line", title=_text(value, exact=True))


def _text(value: Any, *, exact: bool = False) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if exact else f"{value:.5g}"
    return str(value)


def column_choice(state: State) -> Component:
    """Return where columns are chosen, and those that stay in sight; they stand in their order."""
    return panel(
        Ids.COLUMNS_OPEN,
        "Columns",
        [
            dmc.TagsInput(
                id=Ids.COLUMNS,
                label="Columns from the left",
                description="A field, a hyperparameter, or best(…), last(…), mean(…), min(…), "
                f"max(…) of a scalar. {MOVING}",
                value=list(state.columns),
                data=[name for name in (*TITLES,)],
                maxTags=MOST_COLUMNS,
                splitChars=["\n"],
            ),
            dmc.TagsInput(
                id=Ids.PINNED,
                label=IN_SIGHT,
                description="Of those above; the run always does.",
                value=list(state.look.pinned),
                data=[name for name in (*TITLES,)],
                maxTags=MOST_COLUMNS,
                splitChars=["\n"],
                mt="sm",
            ),
            usual_button(USUAL),
        ],
    )


def group_choice(state: State) -> Component:
    """Return where it is chosen what runs are grouped by; the names come when columns are asked."""
    return dmc.Select(
        id=Ids.GROUP,
        value=state.group or None,
        data=list(dict.fromkeys((*GROUPS, *([state.group] if state.group else [])))),
        placeholder="Group by",
        searchable=True,
        clearable=True,
        size="xs",
        w=150,
        **aria(label="Group the runs by"),
    )
