"""What the jobs page shows and follows, and what can be done with a job."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import Identity, current_identity, require
from app.callbacks import Callbacks
from app.components import live_table
from app.components.clicks import clicked, relayed, text
from app.components.data_table import Head, heads
from app.components.row_drawer import follow_rows
from app.components.table_state import Look, Order, read_names, read_order, read_widths
from app.components.texts import counted
from app.reading import reads
from app.views.jobs import places, schedule_callbacks, watch_callbacks
from app.views.jobs.ids import CHANGES, Button, Ids
from app.views.jobs.job_rows import details, may_change, no_jobs, no_match, row
from app.views.jobs.layout import FAST_MS, NEWEST, SLOW_MS, TITLES
from app.views.jobs.schedule_rows import schedule_table, watch_table
from app.views.jobs.worker_rows import none_alive, roots, summary, worker_table
from db.errors import Conflict
from db.permissions import Permission
from db.queries.jobs import job_requests, jobs, schedules, watches, workers
from db.queries.jobs.jobs import OPEN_STATES, JobRow

MAX_LINES = 500
PAGE = 25


callbacks = Callbacks()


def register(app: Dash) -> None:
    """Add the page's callbacks to the application."""
    callbacks.register(app)
    schedule_callbacks.register(app)
    watch_callbacks.register(app)
    places.register(app)


@dataclass(frozen=True)
class _Asked:
    """Which jobs a browser wants to see."""

    search: str
    states: tuple[str, ...]
    page: int
    order: Order
    columns: tuple[str, ...]
    look: Look


def _read(given: dict[str, Any]) -> _Asked:
    chosen = text(given["states"])
    wanted = OPEN_STATES if chosen == "open" else () if chosen in ("", "all") else (chosen,)
    return _Asked(
        text(given["search"]),
        wanted,
        live_table.page_number(given["page"]),
        read_order(given["order"], jobs.ORDERS, NEWEST),
        read_names(given["columns"], [*TITLES]) or (*TITLES,),
        Look(read_widths(given["widths"], TITLES), read_names(given["pinned"], [*TITLES])),
    )


@callbacks.callback(
    output={
        "table": live_table.outputs(Ids),
        "head": Output(Ids.HEAD, "children"),
        "schedules": Output(Ids.SCHEDULES, "children"),
        "watches": Output(Ids.WATCHES, "children"),
        "workers": Output(Ids.WORKERS, "children"),
        "alive": Output(Ids.ALIVE, "children"),
        "none_alive": Output(Ids.NONE_ALIVE, "children"),
        "roots": Output(Ids.ROOTS, "children"),
        "interval": Output(Ids.TIMER, "interval"),
    },
    inputs={
        "causes": [Input(Ids.TIMER, "n_intervals"), CHANGES.of_any()],
        "asked": {
            "search": Input(Ids.SEARCH, "value"),
            "states": Input(Ids.STATES, "value"),
            "page": Input(Ids.PAGER, "value"),
            "order": Input(Ids.ORDER, "data"),
            "columns": Input(Ids.COLUMNS, "value"),
            "widths": Input(Ids.WIDTHS, "data"),
            "pinned": Input(Ids.PINNED, "value"),
        },
        "shown": State(Ids.SHOWN, "data"),
    },
)
@reads
def show(causes: object, asked: dict[str, Any], shown: object) -> dict[str, Any]:
    """Return the parts of the page that changed; nothing where the timer asks and none did."""
    identity = current_identity()
    wanted = _read(asked)
    known = shown if isinstance(shown, dict) else {}
    with store.transaction() as session:
        number = jobs.count_jobs(session, states=wanted.states, search=wanted.search)
        pages = max(1, -(-number // PAGE))
        offset = (min(wanted.page, pages) - 1) * PAGE
        found = jobs.list_jobs(
            session,
            states=wanted.states,
            search=wanted.search,
            limit=PAGE,
            offset=offset,
            order=wanted.order.by,
            descending=wanted.order.descending,
        )
        still = bool(jobs.count_jobs(session, states=OPEN_STATES))
        planned = schedules.list_schedules(session)
        watched = watches.list_watches(session)
        working = workers.list_workers(session)
    minute = f"{datetime.now(UTC):%H:%M}"  # times are shown in words
    facts = [replace(job, heartbeat_at=None) for job in found]
    digest = live_table.digest
    digests = {
        "jobs": digest(facts, number, wanted),
        "schedules": digest(planned, minute),
        "watches": digest([replace(one, looked_at=None) for one in watched], minute),
        "workers": digest([replace(one, seen_at=minute) for one in working]),  # type: ignore[arg-type]
    }
    kept = live_table.skip_same(Ids.TIMER, digests, known)

    def new(part: str, make: Any) -> Any:
        return no_update if digests[part] == known.get(part) else make()

    table = _UNCHANGED
    if digests["jobs"] != known.get("jobs"):
        table = _job_parts(found, number, pages, wanted, identity)
    return {
        "table": {**table, "shown": kept},
        "head": new("jobs", lambda: _head(wanted)),
        "schedules": new("schedules", lambda: schedule_table(planned, identity)),
        "watches": new("watches", lambda: watch_table(watched, identity)),
        "workers": new("workers", lambda: worker_table(working)),
        "alive": new("workers", lambda: summary(working)),
        "none_alive": new("workers", lambda: none_alive(working)),
        "roots": new("workers", lambda: roots(working)),
        "interval": FAST_MS if still else SLOW_MS,
    }


def _head(asked: _Asked) -> Any:
    columns = [
        Head(name, TITLES[name], descending_first=name in ("snapshots", "speed", "requested"))
        for name in asked.columns
    ]
    acts = html.Th(html.Span("Actions", className="dt-unseen"), scope="col")
    return heads(columns, asked.order, look=asked.look, after=[acts])


# The table of jobs as it stands, where only schedules or workers have changed.
_UNCHANGED = dict.fromkeys(live_table.parts([], empty=None, count="", pages=1), no_update)


def _job_parts(
    found: list[JobRow], number: int, pages: int, asked: _Asked, identity: Identity
) -> dict[str, Any]:
    return live_table.parts(
        [
            row(job, changeable=may_change(identity, job.requested_by), columns=asked.columns)
            for job in found
        ],
        empty=no_match() if asked.search or asked.states else no_jobs(),
        count=counted(number, "job") if number else "",
        pages=pages,
    )


@callbacks.callback(
    CHANGES.by("load"),
    Output(Ids.PROBLEM, "children"),
    Output(Ids.LOCATION, "value"),
    Input(Ids.LOAD, "n_clicks"),
    Input(Ids.LOCATION_SENT, "data"),
    State(Ids.LOCATION, "value"),
    State(Ids.MODE, "value"),
    prevent_initial_call=True,
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
            job_id = job_requests.load_now(
                session, location=location, mode=str(mode), by=identity.account_id
            )
    except Conflict as error:
        return no_update, str(error), no_update
    return ["load", job_id], "", ""


@callbacks.callback(
    CHANGES.by("job"),
    relayed(
        callbacks,
        Ids.CHANGE_CLICKED,
        Input({"type": Button.CANCEL, "job": ALL}, "n_clicks"),
        Input({"type": Button.RETRY, "job": ALL}, "n_clicks"),
    ),
    prevent_initial_call=True,
)
def change(click: object) -> list[Any]:
    """Cancel a job, or queue it again."""
    identity = require(Permission.SCHEDULE_JOBS)
    button, job_id, clicks = clicked(click, "job")
    with store.transaction() as session:
        if button == Button.CANCEL:
            job_requests.cancel(session, job_id=job_id, by=identity.account_id)
        elif button == Button.RETRY:
            job_requests.retry(session, job_id=job_id, by=identity.account_id)
        else:
            raise PreventUpdate
    return [button, job_id, clicks]


def show_details(job_id: int) -> tuple[Component, str]:
    """Return what is known about a job, for the drawer."""
    with store.transaction() as session:
        job = jobs.get_job(session, job_id=job_id)
        lines = jobs.lines(session, job_id=job_id, limit=MAX_LINES)
    return details(job, lines, limit=MAX_LINES), f"Ingest job {job.id}"


follow_rows(
    callbacks,
    Ids,
    button=Button.OPEN,
    kind="job",
    again=Input(Ids.SHOWN, "data"),
    show=show_details,
)
