"""The run that the address of a page names: by its number, and by what its UUID begins with.

Numbers are a store's own. So addresses say `of` beside the number, and one that was made for a run
of another store, or of the time before a restore, leads to that very run or says why not.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qs

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.versions import OF, short_uuid
from db.errors import NotFound
from db.queries.runs import runs
from db.queries.runs.runs import RunRow
from deeptracker.errors import DeepTrackerError

_SAID = re.compile(r"[0-9a-f]{8}")


class OtherRun(DeepTrackerError):  # noqa: N818 - what it is
    """The run of this number is not the one that the address is about.

    `here` are the runs of this store that it may be about, mostly none or one.
    """

    def __init__(self, run_id: int, here: list[RunRow]) -> None:
        super().__init__(
            f"This link was made for another run than run {run_id} of the database that the "
            "server shows now. "
            + (
                "That run is here under another number."
                if here
                else "That run is not here: load its log again, or ask whoever runs the server "
                "which database the link is from."
            )
        )
        self.here = here


def linked_run(session: Session, run_id: int, said: str) -> RunRow:
    """Return the run of a number where it is that of `said`, the beginning of a UUID ("": any).

    NotFound where there is none, or it is in the trash; OtherRun where it is another one.
    """
    try:
        found = runs.get_run(session, run_id=run_id)
    except NotFound:
        here = runs.runs_like(session, uuid_start=said) if said else []
        if not here:
            raise
        raise OtherRun(run_id, here) from None
    if said and short_uuid(found.uuid) != said:
        raise OtherRun(run_id, runs.runs_like(session, uuid_start=said))
    return found


def said_in(search: str) -> str:
    """Return what an address says of its run's UUID; "" where nothing, or nothing sensible."""
    return said_of(parse_qs(search.removeprefix("?")).get(OF, [""])[0])


def said_of(text: str) -> str:
    """Return the text where it may be the beginning of a UUID, else ""."""
    return text if _SAID.fullmatch(text) else ""


def not_this_run(error: OtherRun, *, address: Callable[[int], str]) -> Component:
    """Return the page instead: what is wrong with the address, and the way to its run.

    `address` gives that of the same page of another run.
    """
    ways = [
        html.P(dmc.Anchor(f"Open {run.name} (run {run.id})", href=address(run.id)))
        for run in error.here
    ]
    return html.Div(
        [
            html.H1("This link is about another run"),
            html.P(str(error)),
            *ways,
            dmc.Anchor("To the runs", href="/"),
        ],
        className="shell-nothing",
    )
