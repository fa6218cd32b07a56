"""The one table of runs, jobs and the activity log: its heads sort, move, widen and stay in sight.

app/web/core/datatable.ts does so in the browser. A table named "jobs" keeps its state in elements
with the ids jobs-order, jobs-columns, jobs-widths and jobs-pinned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria, data
from app.components.table_state import Look, Order
from app.components.tables import head_cell_id


@dataclass(frozen=True)
class Head:
    """A column's head; its button has the id `sort_id` where another part needs to know it.

    `sorts`: a click sorts by it, the largest first with `descending_first`.
    """

    name: str
    title: str
    sorts: bool = True
    numeric: bool = False
    descending_first: bool = False
    sort_id: str | None = None


def heads(
    columns: Sequence[Head],
    order: Order,
    *,
    look: Look | None = None,
    before: Sequence[Component] = (),
    after: Sequence[Component] = (),
) -> Component:
    """Return the row of heads, between those that are of no column."""
    made = [_head(one, order, look or Look()) for one in columns]
    return html.Tr([*before, *made, *after])


def _head(column: Head, order: Order, look: Look) -> Component:
    sorted_here = "descending" if order.descending else "ascending"
    pinned = column.name in look.pinned
    facts = {"column": column.name, "pinned": "true" if pinned else "false"}
    if column.name in look.widths:
        facts["width"] = str(look.widths[column.name])
    own: dict[str, Any] = {"id": head_cell_id(column.sort_id)} if column.sort_id else {}
    return html.Th(
        [
            _title(column),
            html.Span(className="dt-grip", title="Drag to set the width", **aria(hidden="true")),
        ],
        scope="col",
        className="dt-numeric" if column.numeric else "",
        key=column.name,
        **own,
        **(aria(sort=sorted_here if column.name == order.by else "none") if column.sorts else {}),
        **data(**facts),
    )


def _title(column: Head) -> Component:
    if not column.sorts:
        # A head takes the focus all the same: the keyboard moves and widens it.
        return html.Span(column.title, className="dt-head-title", tabIndex=0)
    own: dict[str, Any] = {"id": column.sort_id} if column.sort_id else {}
    return html.Button(
        [column.title, html.Span(className="dt-sort", **aria(hidden="true"))],
        type="button",
        className="dt-sort-button",
        **own,
        **data(sort_by=column.name, first="descending" if column.descending_first else "ascending"),
    )


def frame(name: str, *, label: str, head_id: str, body_id: str) -> Component:
    """Return the table `name`, whose head and rows callbacks write."""
    return html.Div(
        html.Table(
            [html.Thead(id=head_id), html.Tbody(id=body_id)],
            className="dt-table",
            **aria(label=label),
            **data(table=name, cards="true"),
        ),
        className="dt-table-frame",
    )


def panel(summary_id: str, title: str, content: Sequence[Any]) -> Component:
    """Return a button that opens a panel below it, which closes as menus do."""
    return html.Details(
        [
            html.Summary(title, id=summary_id, className="dt-columns-open"),
            html.Div(list(content), className="dt-columns-panel"),
        ],
        className="dt-columns",
    )


def column_panel(name: str, titles: Mapping[str, str]) -> Component:
    """Return where the columns of a table that has no others than `titles` are chosen."""
    return panel(
        f"{name}-columns-open",
        "Columns",
        [
            dmc.MultiSelect(
                id=f"{name}-columns",
                label="Columns from the left",
                description=MOVING,
                value=list(titles),
                data=[{"value": one, "label": title} for one, title in titles.items()],
            ),
            dmc.MultiSelect(
                id=f"{name}-pinned",
                label=IN_SIGHT,
                value=[],
                data=[{"value": one, "label": title} for one, title in titles.items()],
                mt="sm",
            ),
            usual_button([*titles]),
        ],
    )


MOVING = (
    "Drag a head to move its column, its edge to widen it; or press Alt+← and Alt+→ on it, with "
    "Shift to widen it, Alt+P to keep it in sight."
)


IN_SIGHT = "Columns that stay in sight"


def usual_button(usual: Sequence[str]) -> Component:
    """Return the button that brings back the usual columns, each as wide as its content."""
    return html.Button(
        "Usual columns", type="button", className="dt-usual", **data(usual=" ".join(usual))
    )


def stores(name: str, order: Order, look: Look | None = None) -> list[Component]:
    """Return where a table keeps its order and its widths."""
    kept = look or Look()
    return [
        dcc.Store(id=f"{name}-order", data={"by": order.by, "descending": order.descending}),
        dcc.Store(id=f"{name}-widths", data=dict(kept.widths)),
    ]
