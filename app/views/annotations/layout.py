"""The page of all annotations: what to look for, and a row for each that is found."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.annotations.links import link_of
from app.components.attributes import aria
from app.components.controls import segments
from app.components.tables import Column, cell, nothing, table
from app.components.times import time
from app.components.tour import tour_button
from app.view import PageContext
from app.views.annotations.ids import Ids
from db.queries.team.annotation_rows import AnnotationRow
from db.queries.team.annotation_words import about

EVERY_MS = 2_000
STATES = {"open": "Open", "resolved": "Resolved", "all": "All"}
# Characters of a text in its row; the thread has all of it.
MAX_SHOWN = 400

_COLUMNS = (
    Column("State"),
    Column("Annotation"),
    Column("About"),
    Column("Run"),
    Column("Author"),
    Column("Replies", numeric=True),
    Column("Written"),
)


def layout(context: PageContext) -> Component:
    """Return the page; its address may say ?mentions=me, ?run=3 or ?state=all."""
    asked = parse_qs(context.search.lstrip("?"))
    run = asked.get("run", [""])[0]
    state = asked.get("state", ["open"])[0]
    mentions = asked.get("mentions") == ["me"]
    if mentions and "state" not in asked:
        state = "all"
    return html.Div(
        [
            dcc.Interval(id=Ids.TIMER, interval=EVERY_MS),
            dcc.Store(id=Ids.SHOWN),
            dcc.Store(id=Ids.CHOICES_SHOWN),
            dcc.Store(id=Ids.LISTED),
            dcc.Store(id=Ids.READ),
            html.Div(
                [
                    html.H1("Annotations"),
                    html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                    dmc.TextInput(
                        id=Ids.SEARCH,
                        placeholder="Search by text, reply, tag, author, run",
                        debounce=250,
                        w=400,
                        className="dt-search",
                        **aria(label="Search the annotations"),
                    ),
                ],
                className="dt-page-head",
            ),
            html.Div(
                [
                    segments(Ids.STATE, "State", STATES, state if state in STATES else "open"),
                    _select(Ids.RUN, "Of which run", "Any run", 220, run),
                    _select(Ids.AUTHOR, "By whom", "Anybody", 170),
                    _select(Ids.TAG, "With which tag", "Any tag", 150),
                    dmc.Switch(id=Ids.MENTIONS, label="Mentions me", checked=mentions, size="sm"),
                    dmc.Button(
                        "Mark these as read",
                        id=Ids.MARK_READ,
                        variant="subtle",
                        size="xs",
                        display="block" if mentions else "none",
                    ),
                ],
                className="annotations-filters",
            ),
            html.Div(
                table(_COLUMNS, body_id=Ids.BODY, label="Annotations"), id=Ids.TABLE, hidden=True
            ),
            dmc.Pagination(id=Ids.PAGER, total=1, value=1, size="sm", mt="md", display="none"),
            html.Div(id=Ids.EMPTY),
        ],
        className="dt-page",
    )


def _select(id: str, label: str, nothing_chosen: str, width: int, value: str = "") -> dmc.Select:
    return dmc.Select(
        id=id,
        # The chosen one has its name with the first answer.
        data=[{"value": value, "label": value}] if value.isdecimal() else [],
        value=value if value.isdecimal() else None,
        placeholder=nothing_chosen,
        clearable=True,
        searchable=True,
        size="xs",
        w=width,
        **aria(label=label),
    )


def options(pairs: Sequence[tuple[int, str]]) -> list[dict[str, str]]:
    """Return choices of a drop-down."""
    return [{"value": str(key), "label": name} for key, name in pairs]


def row(found: AnnotationRow) -> Component:
    """Return one annotation as a row; its text links to the place it is about."""
    resolved = found.resolved_at is not None
    shown = found.body[:MAX_SHOWN] + ("…" if len(found.body) > MAX_SHOWN else "")
    link = dmc.Anchor(shown, href=link_of(found), className="dt-clamp annotations-text")
    parts: list[Any] = [link]
    if found.tag:
        parts.append(dmc.Badge(found.tag, variant="outline", size="sm", tt="none", color="gray"))
    if found.unread:
        parts.append(dmc.Badge("mentions you", variant="light", size="sm", tt="none"))
    badge = dmc.Badge(
        "resolved" if resolved else "open",
        color="gray" if resolved else "ink",
        variant="light",
        size="sm",
        tt="none",
        fw=600,
        miw=62,
    )
    return html.Tr(
        [
            cell(badge),
            cell(html.Div(parts, className="annotations-cell")),
            cell(html.Div(about(found), className="annotations-about")),
            cell(
                dmc.Anchor(
                    found.run_name, href=f"/run/{found.run_id}/overview", className="dt-main"
                )
            ),
            cell(html.Span(found.author, className="annotations-short")),
            cell(f"{len(found.replies):,}", numeric=True),
            cell(time(found.created_at)),
        ],
        key=str(found.id),
    )


def no_match() -> Component:
    """Return what stands where the search finds nothing."""
    return nothing(
        "No annotation matches", html.P("Ask for fewer words, or for resolved ones too.")
    )


def first_steps() -> Component:
    """Return what stands where nobody has annotated anything."""
    key = html.Kbd("A")
    return nothing(
        "No annotations yet",
        html.P(
            [
                "Open a run, point at what you want to write about (a class, a layer, a filter, an "
                "image, an iteration, or drag a range), and press ",
                key,
                " or right-click. Others see it at once, and you can mention them as @name.",
            ]
        ),
        tour_button(),
    )
