"""The view that an address names with ?view=<id>, for the page that shows it."""

import re
from typing import Any
from urllib.parse import parse_qs

from app import store
from db.errors import NotFound
from db.queries.team import saved_views

PARAMETER = "view"
ID = re.compile(r"[A-Za-z0-9]{1,40}")
GONE = (
    "There is no saved view under this link: it was deleted, belongs to somebody who has not "
    "shared it, was not opened for half a year, or is of another database than the server shows. "
    "Ask whoever sent it for a new link."
)
INSTEAD = " You see the run as it opens by itself."
OTHER_RUN = "The saved view of this link is about another run."


def stored_view(search: str, *, run_id: int, account_id: int) -> dict[str, Any] | None:
    """Return what `page_parts` takes as `stored`; None where the address names no view."""
    named = parse_qs(search.removeprefix("?")).get(PARAMETER)
    if not named:
        return None
    view_id = named[0]
    if not ID.fullmatch(view_id):
        return {"id": view_id[:40], "missing": GONE + INSTEAD}
    try:
        with store.noting() as session:
            found = saved_views.find_view(session, view_id=view_id, account_id=account_id)
    except NotFound:
        return {"id": view_id, "missing": GONE + INSTEAD}
    if found.run_id != run_id:
        return {"id": view_id, "missing": OTHER_RUN + INSTEAD}
    # The address that one sends on must open for others, too.
    private = found.name is not None and not found.shared
    return {"id": view_id, "query": found.query, "private": private}
