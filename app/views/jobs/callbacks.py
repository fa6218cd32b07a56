"""What the jobs page shows and follows, and what can be done with a job."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import Identity, current_identity, require
from app.components.clicks import clicked, is_id, relayed, text
from app.reading import reads
from app.views.jobs import places, schedule_callbacks, watch_callbacks
from app.views.jobs.ids import Button, Ids
from app.views.jobs.job_rows import details, may_change, no_jobs, no_match, row
from app.views.jobs.layout import FAST_MS, SLOW_MS
from app.views.jobs.schedule_rows import schedule_table, watch_table
from app.views.jobs.worker_rows import none_alive, roots, summary, worker_table
from db.errors import Conflict
from db.permissions import Permission
from db.queries.jobs import jobs, schedules, watches, workers
from db.queries.jobs.jobs import OPEN_STATES, JobRow

MAX_LINES = 500
PAGE = 25


def register(app: Dash) -> None:
    """Add the page's callbacks to the application."""
    app.callback(
        Output(Ids.BODY, "children"),
        Output(Ids.TABLE, "hidden"),
        Output(Ids.EMPTY, "children"),
        Output(Ids.COUNT, "children"),
        Output(Ids.PAGER, "total"),
        Output(Ids.PAGER, "display"),
        Output(Ids.SCHEDULES, "children"),
        Output(Ids.WATCHES, "children"),
        Output(Ids.WORKERS, "children"),
        Output(Ids.ALIVE, "children"),
        Output(Ids.NONE_ALIVE, "children"),
        Output(Ids.ROOTS, "children"),
        Output(Ids.TIMER, "interval"),
        Output(Ids.SHOWN, "data"),
        Input(Ids.TIMER, "n_intervals"),
        Input(Ids.CHANGED, "data"),
        Input(Ids.SEARCH, "value"),
        Input(Ids.STATES, "value"),
        Input(Ids.PAGER, "value"),
        State(Ids.SHOWN, "data"),
    )(show)
    app.callback(
        Output(Ids.CHANGED, "data"),
        Output(Ids.PROBLEM, "children"),
        Output(Ids.LOCATION, "value"),
        Input(Ids.LOAD, "n_clicks"),
        Input(Ids.LOCATION_SENT, "data"),
        State(Ids.LOCATION, "value"),
        State(Ids.MODE, "value"),
        prevent_initial_call=True,
    )(load)
    app.callback(
        # The store that says "look again": every callback that changes something writes it.
        Output(Ids.CHANGED, "data", allow_duplicate=True),
        relayed(
            app,
            Ids.CHANGE_CLICKED,
            Input({"type": Button.CANCEL, "job": ALL}, "n_clicks"),
            Input({"type": Button.RETRY, "job": ALL}, "n_clicks"),
        ),
        prevent_initial_call=True,
    )(change)
    app.callback(
        Output(Ids.OPENED, "data"),
        Output(Ids.DRAWER, "opened"),
        relayed(app, Ids.OPEN_CLICKED, Input({"type": Button.OPEN, "job": ALL}, "n_clicks")),
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
    schedule_callbacks.register(app)
    watch_callbacks.register(app)
    places.register(app)


@dataclass(frozen=True)
class _Asked:
    """Which jobs a browser wants to see."""

    search: str
    states: tuple[str, ...]
    page: int


def _read(search: object, states: object, page: object) -> _Asked:
    chosen = text(states)
    wanted = OPEN_STATES if chosen == "open" else () if chosen in ("", "all") else (chosen,)
    number = page if isinstance(page, int) and 0 < page < 10**6 else 1
    return _Asked(text(search), wanted, number)


@reads
def show(
    _ticks: object,
    _changed: object,
    search: object,
    states: object,
    page: object,
    shown: object,
) -> tuple[Any, ...]:
    """Return the parts of the page that changed; nothing where the timer asks and none did."""
    identity = current_identity()
    asked = _read(search, states, page)
    known = shown if isinstance(shown, dict) else {}
    with store.transaction() as session:
        number = jobs.count_jobs(session, states=asked.states, search=asked.search)
        pages = max(1, -(-number // PAGE))
        offset = (min(asked.page, pages) - 1) * PAGE
        found = jobs.list_jobs(
            session, states=asked.states, search=asked.search, limit=PAGE, offset=offset
        )
        still = bool(jobs.count_jobs(session, states=OPEN_STATES))
        planned = schedules.list_schedules(session)
        watched = watches.list_watches(session)
        working = workers.list_workers(session)
    minute = f"{datetime.now(UTC):%H:%M}"  # times are shown in words
    facts = [replace(job, heartbeat_at=None) for job in found]
    prints = {
        "jobs": _print(facts, number, asked),
        "schedules": _print(planned, minute),
        "watches": _print([replace(one, looked_at=None) for one in watched], minute),
        "workers": _print([replace(one, seen_at=minute) for one in working]),  # type: ignore[arg-type]
    }
    if ctx.triggered_id == Ids.TIMER and prints == known:
        raise PreventUpdate

    def new(part: str, make: Any) -> Any:
        return no_update if prints[part] == known.get(part) else make()

    return (
        *(
            _job_parts(found, number, pages, asked, identity)
            if prints["jobs"] != known.get("jobs")
            else [no_update] * 6
        ),
        new("schedules", lambda: schedule_table(planned, identity)),
        new("watches", lambda: watch_table(watched, identity)),
        new("workers", lambda: worker_table(working)),
        new("workers", lambda: summary(working)),
        new("workers", lambda: none_alive(working)),
        new("workers", lambda: roots(working)),
        FAST_MS if still else SLOW_MS,
        prints if prints != known else no_update,
    )


def _print(*facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _job_parts(
    found: list[JobRow], number: int, pages: int, asked: _Asked, identity: Identity
) -> tuple[Any, ...]:
    empty: Any = None
    if not found:
        empty = no_match() if asked.search or asked.states else no_jobs()
    return (
        [row(job, changeable=may_change(identity, job.requested_by)) for job in found],
        not found,
        empty,
        f"{number:,} job{'' if number == 1 else 's'}" if number else "",
        pages,
        "flex" if pages > 1 else "none",
    )


def load(_clicks: object, sent: object, typed: object, mode: object) -> tuple[Any, ...]:
    """Ask for the load of a log; its job, or what is wrong with the location."""
    identity = require(Permission.SCHEDULE_JOBS)
    if not ctx.triggered_id:
        raise PreventUpdate
    location = places.sent_or_typed(sent, typed)
    if not location.strip():
        return no_update, "Enter the folder of a run, for example my-run.", no_update
    try:
        with store.transaction() as session:
            job_id = jobs.load_now(
                session, location=location, mode=str(mode), by=identity.account_id
            )
    except Conflict as error:
        return no_update, str(error), no_update
    return ["load", job_id], "", ""


def change(click: object) -> list[Any]:
    """Cancel a job, or queue it again."""
    identity = require(Permission.SCHEDULE_JOBS)
    button, job_id, clicks = clicked(click, "job")
    with store.transaction() as session:
        if button == Button.CANCEL:
            jobs.cancel(session, job_id=job_id, by=identity.account_id)
        elif button == Button.RETRY:
            jobs.retry(session, job_id=job_id, by=identity.account_id)
        else:
            raise PreventUpdate
    return [button, job_id, clicks]


@reads
def open_details(click: object) -> tuple[int, bool]:
    """Open the drawer for a job."""
    _, job_id, _ = clicked(click, "job")
    return job_id, True


@reads
def show_details(job_id: object, _shown: object, opened: object) -> tuple[Any, Any]:
    """Return what is known about the job in the drawer."""
    closed = not opened and ctx.triggered_id != Ids.OPENED
    if closed or not isinstance(job_id, int) or not is_id(job_id):
        raise PreventUpdate
    with store.transaction() as session:
        job = jobs.get_job(session, job_id=job_id)
        lines = jobs.lines(session, job_id=job_id, limit=MAX_LINES)
    return details(job, lines, limit=MAX_LINES), f"Ingest job {job.id}"
