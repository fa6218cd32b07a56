"""Tables that callbacks fill and keep up to date: what did not change is neither sent nor drawn.

A page gives its callback the outputs of `outputs` and answers with `parts`. Where a timer asks, it
leaves by `skip_same` if `digest` of all that it shows is what it shows already.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from dash import Output, ctx, no_update
from dash.exceptions import PreventUpdate

# The highest page that is asked for; no table has more.
MOST_PAGES = 10**6


# The parts of a table: the name of the id in the page's enumeration, the property that is written.
_PARTS = {
    "rows": ("BODY", "children"),
    "hidden": ("TABLE", "hidden"),
    "empty": ("EMPTY", "children"),
    "count": ("COUNT", "children"),
    "pages": ("PAGER", "total"),
    "paged": ("PAGER", "display"),
    "shown": ("SHOWN", "data"),
}


def outputs(ids: type[StrEnum]) -> dict[str, Output]:
    """Return what a callback writes to show the table of a page, as far as it has these ids."""
    return {
        part: Output(ids[name], written)
        for part, (name, written) in _PARTS.items()
        if name in ids.__members__
    }


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
