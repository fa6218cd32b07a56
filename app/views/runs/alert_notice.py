"""A notice on the page of runs that there are alerts which the person has not read."""

from typing import Any

import dash_mantine_components as dmc
from dash import html, no_update

from app import store
from app.auth.identity import current_identity
from app.components.texts import counted
from app.reading import reads
from db.queries.team import alerts


@reads
def notice(_ticks: object = None, shown: object = None) -> tuple[Any, Any]:
    """Return the notice (None where all is read) and what it says, nothing where that stands."""
    identity = current_identity()
    with store.transaction() as session:
        new = alerts.unread(session, account_id=identity.account_id)
    if new == shown:
        return no_update, no_update
    if not new:
        return None, new
    words = counted(new, "new alert")
    return (
        dmc.Alert(
            html.P(
                [
                    f"{words} of runs that are recording. ",
                    dmc.Anchor("Look at them", href="/alerts", size="sm"),
                ],
                className="runs-alert",
            ),
            color="red",
            variant="light",
            className="runs-alerts",
        ),
        new,
    )
