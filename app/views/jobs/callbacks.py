"""What the jobs page does: ask for loads, cancel, retry, follow progress."""

import hashlib
from dataclasses import replace
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity, require
from app.views.jobs.ids import Button, Ids
from app.views.jobs.layout import FAST_MS, SLOW_MS, details, no_jobs, row
from db.errors import Conflict
from db.permissions import Permission
from db.queries import jobs
from db.queries.jobs import OPEN_STATES

MAX_LINES = 500
LARGEST_ID = 2**31 - 1


def register(app: Dash) -> None:
    """Add the page's callbacks to the application."""
    app.callback(
        Output(Ids.BODY, "children"),
        Output(Ids.TABLE, "hidden"),
        Output(Ids.EMPTY, "children"),
        Output(Ids.TIMER, "interval"),
        Output(Ids.SHOWN, "data"),
        Input(Ids.TIMER, "n_intervals"),
        Input(Ids.CHANGED, "data"),
        State(Ids.SHOWN, "data"),
    )(show_jobs)
    app.callback(
        Output(Ids.CHANGED, "data"),
        Output(Ids.PROBLEM, "children"),
        Output(Ids.LOCATION, "value"),
        Input(Ids.LOAD, "n_clicks"),
        Input(Ids.LOCATION, "n_submit"),
        State(Ids.LOCATION, "value"),
        State(Ids.MODE, "value"),
        prevent_initial_call=True,
    )(load)
    app.callback(
        # The store that says "look again": a load writes it, too.
        Output(Ids.CHANGED, "data", allow_duplicate=True),
        Input({"type": Button.CANCEL, "job": ALL}, "n_clicks"),
        Input({"type": Button.RETRY, "job": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(change)
    app.callback(
        Output(Ids.OPENED, "data"),
        Output(Ids.DRAWER, "opened"),
        Input({"type": Button.OPEN, "job": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(open_details)
    app.callback(
        Output(Ids.DETAILS, "children"),
        Output(Ids.DRAWER, "title"),
        Input(Ids.OPENED, "data"),
        Input(Ids.SHOWN, "data"),
        State(Ids.DRAWER, "opened"),
        prevent_initial_call=True,
    )(show_details)


def show_jobs(_ticks: object, _changed: object, shown: object) -> tuple[Any, ...]:
    """Return the rows; nothing where the timer asks and nothing changed."""
    may_change = current_identity().may(Permission.SCHEDULE_JOBS)
    with store.transaction() as session:
        found = jobs.list_jobs(session)
    # The heartbeat changes all the time and is not shown.
    facts = [replace(job, heartbeat_at=None) for job in found]
    state = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    if ctx.triggered_id == Ids.TIMER and state == shown:
        raise PreventUpdate
    return (
        [row(job, may_change=may_change) for job in found],
        not found,
        None if found else no_jobs(),
        FAST_MS if any(job.state in OPEN_STATES for job in found) else SLOW_MS,
        state if state != shown else no_update,
    )


def load(_clicks: object, _submits: object, location: object, mode: object) -> tuple[Any, ...]:
    """Ask for the load of a log; its job, or what is wrong with the location."""
    identity = require(Permission.SCHEDULE_JOBS)
    if not ctx.triggered_id:
        raise PreventUpdate
    asked = location if isinstance(location, str) else ""
    if not asked.strip():
        return no_update, "Give the folder of a run, for instance my-run.", no_update
    try:
        with store.transaction() as session:
            job_id = jobs.request(
                session, location=asked, mode=str(mode), requested_by=identity.account_id
            )
    except Conflict as error:
        return no_update, str(error), no_update
    return ["load", job_id], "", ""


def change(_cancels: object, _retries: object) -> list[Any]:
    """Cancel a job, or queue it again."""
    require(Permission.SCHEDULE_JOBS)
    button, job_id, clicks = _clicked()
    with store.transaction() as session:
        if button == Button.CANCEL:
            jobs.cancel(session, job_id=job_id)
        elif button == Button.RETRY:
            jobs.retry(session, job_id=job_id)
        else:
            raise PreventUpdate
    return [button, job_id, clicks]


def open_details(_clicks: object) -> tuple[int, bool]:
    """Open the drawer for a job."""
    _, job_id, _ = _clicked()
    return job_id, True


def show_details(job_id: object, _shown: object, opened: object) -> tuple[Any, Any]:
    """Return what is known about the job in the drawer."""
    closed = not opened and ctx.triggered_id != Ids.OPENED
    if closed or not isinstance(job_id, int) or not 0 < job_id <= LARGEST_ID:
        raise PreventUpdate
    with store.transaction() as session:
        job = jobs.get_job(session, job_id=job_id)
        lines = jobs.lines(session, job_id=job_id, limit=MAX_LINES)
    return details(job, lines), f"Ingest job {job.id}"


def _clicked() -> tuple[str, int, int]:
    """Return the clicked button, its job, and how often; rows that appear click nothing."""
    triggered, clicks = ctx.triggered_id, ctx.triggered[0]["value"] if ctx.triggered else None
    if not isinstance(triggered, dict) or not isinstance(clicks, int) or not clicks:
        raise PreventUpdate
    job_id = triggered.get("job")
    if not isinstance(job_id, int) or not 0 < job_id <= LARGEST_ID:
        raise PreventUpdate
    return str(triggered.get("type")), job_id, clicks
