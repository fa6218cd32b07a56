"""A notice on the page of runs: alerts that the person has not read, and schedules that rest."""

from typing import Any

import dash_mantine_components as dmc
from dash import html, no_update
from dash.development.base_component import Component

from app import store
from app.auth.identity import current_identity
from app.components.texts import counted
from app.reading import reads
from db.queries.jobs.schedule_changes import number_paused
from db.queries.team import alerts


@reads
def notice(_ticks: object = None, shown: object = None) -> tuple[Any, Any]:
    """Return the notices (None where there is none) and what they say, nothing where that stands.

    A schedule of the person's that he has not paused himself rests until he sees to it.
    """
    identity = current_identity()
    with store.transaction() as session:
        new = alerts.unread(session, account_id=identity.account_id)
        paused = number_paused(session, owner_id=identity.account_id)
    said = [new, paused]
    if said == shown:
        return no_update, no_update
    notices = []
    if new:
        words = f"{counted(new, 'new alert')} of runs that are recording. "
        notices.append(_notice(words, "Look at them", "/alerts", "red"))
    if paused:
        verb = "is" if paused == 1 else "are"
        words = f"{counted(paused, 'schedule')} of yours {verb} paused, and not by you. "
        notices.append(_notice(words, "See why", "/jobs?tab=schedules", "orange"))
    return notices or None, said


def _notice(words: str, link: str, to: str, color: str) -> Component:
    return dmc.Alert(
        html.P(
            [words, dmc.Anchor(link, href=to, size="sm")],
            className="runs-alert",
        ),
        color=color,
        variant="light",
        className="runs-alerts",
    )
