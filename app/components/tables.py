"""Tables of the pages: heads, rows, progress, states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.components.attributes import aria, data
from app.theme import STATE_COLOURS


@dataclass(frozen=True)
class Column:
    """One column of a plain table; app/components/data_table.py has those that sort.

    `unseen`: the title is for screen readers only. `content` stands in the head instead of the
    title; `head_id` is the id of the head's cell, where a callback needs it.
    """

    title: str
    numeric: bool = False
    unseen: bool = False
    content: Component | None = None
    head_id: str | None = None

    def __post_init__(self) -> None:
        if not self.title:
            raise ValueError("a column without a title says nothing to a screen reader: unseen")


# The column of a row's buttons.
ACTS = Column("Actions", unseen=True)


def heads(columns: Sequence[Column | str]) -> Component:
    """Return the head of a table; a text is the title of a column."""
    return html.Thead(html.Tr([_head(column) for column in _made(columns)]))


def _made(columns: Sequence[Column | str]) -> list[Column]:
    return [Column(column) if isinstance(column, str) else column for column in columns]


def head_cell_id(sort_id: str) -> str:
    """Return the id of the head cell around the button `sort_id`; it carries aria-sort."""
    return f"{sort_id}-cell"


def table(columns: Sequence[Column | str], *, body_id: str, label: str) -> Component:
    """Return a table whose rows a callback writes into `body_id`."""
    return _framed(columns, html.Tbody(id=body_id), label)


def plain_table(columns: Sequence[Column | str], rows: Sequence[Any], *, label: str) -> Component:
    """Return a table with its rows."""
    return _framed(columns, html.Tbody(list(rows)), label)


def _framed(columns: Sequence[Column | str], body: Component, label: str) -> Component:
    # On a phone every row is a card, in which these titles stand before the cells (datatable.css).
    seen = ["" if column.unseen else column.title for column in _made(columns)]
    titles = {f"--dt-column-{at}": f'"{title}"' for at, title in enumerate(seen, 1)}
    return html.Div(
        html.Table(
            [heads(columns), body],
            className="dt-table",
            style=titles,
            **aria(label=label),
            **data(cards="true"),
        ),
        className="dt-table-frame",
    )


def _head(column: Column) -> Component:
    title = html.Span(column.title, className="dt-unseen") if column.unseen else column.title
    content = title if column.content is None else column.content
    own: dict[str, Any] = {"id": column.head_id} if column.head_id else {}
    return html.Th(content, scope="col", className="dt-numeric" if column.numeric else "", **own)


def state_badge(state: str, *, text: str | None = None) -> Component:
    """Return the state of a run or a job; colour is not its only sign."""
    live = state in ("recording", "loading", "running", "stopping")
    return dmc.Badge(
        text or state,
        color=STATE_COLOURS.get(state, "gray"),
        variant="light",
        size="sm",
        tt="none",
        fw=600,
        leftSection=html.Span(className="dt-live") if live else None,
    )


def progress(done: int, total: int | None, *, live: bool, label: str) -> Component:
    """Return a bar with "done of total" beside it; the number alone where no total is known."""
    text = f"{done:,} / {total:,}" if total and (live or done < total) else f"{done:,}"
    if not total or not live:
        return html.Span(text)
    return html.Div(
        [
            dmc.Progress(
                value=min(100.0, 100 * done / total),
                size="sm",
                w=72,
                **aria(label=label),
            ),
            html.Span(text),
        ],
        className="dt-progress",
    )


def percent(share: float | None) -> str:
    """Return a share 0..1 as a percentage; a dash for None, and NaN by its name."""
    if share is None:
        return "–"
    if share != share:
        return "NaN"
    return f"{100 * share:.2f} %"


def cell(
    content: Any, label: Mapping[str, Any] | None = None, *, numeric: bool = False
) -> Component:
    """Return a cell of a row."""
    return html.Td(content, className="dt-numeric" if numeric else "", **(label or {}))


def nothing(title: str, *content: Any) -> Component:
    """Return what stands where a table has no rows at all."""
    return html.Div([html.H2(title), *content], className="dt-nothing")
