"""Tables that keep up to date: a timer asks, and what did not change is neither sent nor drawn.

A page gives its callback the outputs of `outputs`, answers with `parts`, and leaves by `skip_same`
where its timer asks and `digest` of all that it shows is what it shows already.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from dash import Output, ctx, no_update
from dash.exceptions import PreventUpdate

# The highest page that is asked for; no table has more.
MOST_PAGES = 10**6


def outputs(
    *, body: str, table: str, empty: str, count: str, shown: str, pager: str | None = None
) -> dict[str, Output]:
    """Return what a callback writes to show a table, by the ids of its parts."""
    found = {
        "rows": Output(body, "children"),
        "hidden": Output(table, "hidden"),
        "empty": Output(empty, "children"),
        "count": Output(count, "children"),
    }
    if pager is not None:
        found |= {"pages": Output(pager, "total"), "paged": Output(pager, "display")}
    return {**found, "shown": Output(shown, "data")}


def parts(
    rows: Sequence[Any], *, empty: Any, count: str, pages: int | None = None
) -> dict[str, Any]:
    """Return the values of `outputs`, but for what is shown; `empty` stands where no row is."""
    found: dict[str, Any] = {
        "rows": list(rows),
        "hidden": not rows,
        "empty": None if rows else empty,
        "count": count,
    }
    if pages is not None:
        found |= {"pages": pages, "paged": "flex" if pages > 1 else "none"}
    return found


def digest(*facts: object) -> str:
    """Return a text that changes when anything does that a page shows; facts have a full repr."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def skip_same(timer: str, now: object, shown: object) -> Any:
    """Return what the page is to keep as shown; PreventUpdate where only the timer asks for it."""
    if now != shown:
        return now
    if ctx.triggered_id == timer:
        raise PreventUpdate
    return no_update


def page_number(value: object) -> int:
    """Return the page that a browser asks for, counted from 1."""
    return value if isinstance(value, int) and 0 < value < MOST_PAGES else 1
