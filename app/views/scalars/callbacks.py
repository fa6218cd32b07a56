"""What the page of scalars registers: charts of the names that are looked for, and their data."""

from typing import Any

from dash import Dash, Input, Output, State, no_update

from app import store
from app.auth.identity import require
from app.binary import register_data
from app.callbacks import Callbacks
from app.components import live_table
from app.components.clicks import is_id, text
from app.data import scalars
from app.reading import reads
from app.selection import control_id
from app.views.scalars.ids import Ids
from app.views.scalars.layout import charts, no_match, no_scalars
from db.permissions import Permission

callbacks = Callbacks()


def register(app: Dash) -> None:
    """Add the page's callback and its data to the application."""
    callbacks.register(app)
    register_data(app.server, "scalar-lines", scalars.lines)


@callbacks.callback(
    output={
        "charts": Output(Ids.LIST, "children"),
        "count": Output(Ids.COUNT, "children"),
        "pages": Output(control_id(Ids.PAGER, "scalarpage"), "total"),
        "paged": Output(control_id(Ids.PAGER, "scalarpage"), "display"),
        "shown": Output(Ids.SHOWN, "data"),
    },
    inputs={
        "tick": Input(Ids.TIMER, "n_intervals"),
        "search": Input(control_id(Ids.SEARCH, "scalars"), "value"),
        "page": Input(control_id(Ids.PAGER, "scalarpage"), "value"),
        "run": State(Ids.RUN, "data"),
        "shown": State(Ids.SHOWN, "data"),
    },
)
@reads
def show(tick: object, search: object, page: object, run: object, shown: object) -> dict[str, Any]:
    """Return the charts of a page of names; nothing where the timer asks and no name is new."""
    require(Permission.READ_RUNS)
    if not isinstance(run, int) or not is_id(run):
        return dict.fromkeys(("charts", "count", "pages", "paged", "shown"), no_update)
    with store.transaction() as session:
        names = scalars.names_of(session, run)
    words = text(search).strip()
    found = scalars.matching(names, words)
    pages = max(1, -(-len(found) // scalars.MOST))
    first = (min(live_table.page_number(page), pages) - 1) * scalars.MOST
    here = found[first : first + scalars.MOST]
    kept = live_table.skip_same(Ids.TIMER, live_table.digest(here, len(found), words), shown)
    nothing = no_match(words) if names else no_scalars()
    return {
        "charts": charts(run, here) if here else nothing,
        "count": _count(len(found), len(names), first, len(here)),
        "pages": pages,
        "paged": "flex" if pages > 1 else "none",
        "shown": kept,
    }


def _count(found: int, names: int, first: int, here: int) -> str:
    """Return how many names there are, and which of them the page shows."""
    if not names:
        return ""
    of = f"{found:,}" if found == names else f"{found:,} of {names:,}"
    several = f", {first + 1:,} to {first + here:,} shown" if here < found else ""
    return f"{of} scalars{several}" if names > 1 else "1 scalar"
