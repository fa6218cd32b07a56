"""The jobs page: load a log, and what has become of each loading."""

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.tables import Column, cell, nothing, progress, state_badge, table
from app.components.times import duration, time
from app.views import PageContext
from app.views.jobs.ids import Button, Ids, button_id
from db.permissions import Permission
from db.queries.jobs import OPEN_STATES, JobLine, JobRow

FAST_MS = 1_000
SLOW_MS = 10_000
MODES = {"follow": "Follow", "once": "Once"}

_COLUMNS = (
    Column("State"),
    Column("Log"),
    Column("Mode"),
    Column("Snapshots"),
    Column("Pace"),
    Column("Asked for"),
    Column(""),
)


def layout(context: PageContext) -> Component:
    """Return the page; its rows come by callback."""
    may_load = context.identity.may(Permission.SCHEDULE_JOBS)
    return html.Div(
        [
            dcc.Interval(id=Ids.TIMER, interval=SLOW_MS),
            dcc.Store(id=Ids.SHOWN),
            dcc.Store(id=Ids.CHANGED),
            dcc.Store(id=Ids.OPENED),
            html.Div(html.H1("Ingest jobs"), className="dt-page-head"),
            _form(may_load),
            html.Div(
                table(_COLUMNS, body_id=Ids.BODY, label="Ingest jobs"), id=Ids.TABLE, hidden=True
            ),
            html.Div(id=Ids.EMPTY),
            dmc.Drawer(
                html.Div(id=Ids.DETAILS),
                id=Ids.DRAWER,
                title="Ingest job",
                position="right",
                size="lg",
            ),
        ],
        className="dt-page",
    )


def _form(may_load: bool) -> Component:
    if not may_load:
        return html.P(
            "Your role may watch jobs; members and administrators may load logs.",
            className="dt-soft",
        )
    return html.Div(
        [
            dmc.TextInput(
                id=Ids.LOCATION,
                label="Run directory on the worker's machine",
                description="Under one of the folders of DEEPTRACKER_LOG_ROOTS",
                placeholder="my-run",
                className="jobs-location",
            ),
            dmc.Select(
                id=Ids.MODE,
                label="Mode",
                description="Follow: until the training is over",
                data=[{"value": name, "label": text} for name, text in MODES.items()],
                value="follow",
                allowDeselect=False,
                w=230,
            ),
            dmc.Button("Load now", id=Ids.LOAD),
            html.P(id=Ids.PROBLEM, className="dt-problem", role="alert"),
        ],
        className="dt-form-row",
    )


def row(job: JobRow, *, may_change: bool) -> Component:
    """Return one job as a row."""
    about: list[Any] = [html.Div(_log(job), className="dt-main", title=job.location)]
    if job.error:
        about.append(html.Div(job.error, className="dt-problem dt-clamp", title=job.error))
    elif job.message:
        about.append(html.Div(job.message, className="dt-soft dt-clamp", title=job.message))
    live = job.state in OPEN_STATES
    return html.Tr(
        [
            cell(state_badge(job.state, text="stopping" if stopping(job) else None)),
            cell(about),
            cell(MODES.get(job.mode, job.mode).lower()),
            cell(progress(job.done, job.total, live=live, label=f"Progress of job {job.id}")),
            cell(pace(job)),
            cell([time(job.created_at), html.Div(job.requested_by_name, className="dt-soft")]),
            cell(_buttons(job, may_change=may_change)),
        ],
        key=str(job.id),
    )


def stopping(job: JobRow) -> bool:
    """Return whether the job was asked to end and still runs."""
    return job.cancel_requested and job.state in OPEN_STATES


def pace(job: JobRow) -> str:
    """Return rate and remaining time of a running job."""
    if job.state != "running" or not job.rate:
        return ""
    left = duration(job.remaining_seconds)
    return f"{job.rate:,.1f} a second" + (f", {left} left" if left else "")


def _log(job: JobRow) -> Component:
    name = job.run_name or job.location.rstrip("/").rpartition("/")[2] or job.location
    if job.run_id is None:
        return html.Span(name)
    return dmc.Anchor(name, href=f"/run/{job.run_id}/overview", fw=600)


def _buttons(job: JobRow, *, may_change: bool) -> Component:
    buttons = [_button("Log", Button.OPEN, job)]
    if may_change and job.state in OPEN_STATES:
        buttons.append(_button("Cancel", Button.CANCEL, job, disabled=stopping(job)))
    elif may_change:
        again = "Load again" if job.state == "succeeded" else "Retry"
        buttons.append(_button(again, Button.RETRY, job))
    return html.Div(buttons, className="dt-buttons")


def _button(text: str, kind: Button, job: JobRow, *, disabled: bool = False) -> Component:
    return dmc.Button(
        text,
        id=button_id(kind, job.id),
        size="compact-xs",
        variant="default",
        disabled=disabled,
        **aria(label=f"{text}: job {job.id}"),
    )


def details(job: JobRow, lines: list[JobLine]) -> Component:
    """Return everything that is known about a job."""
    facts: list[tuple[str, Any]] = [
        ("Job", f"{job.id}, attempt {max(1, job.attempts)}"),
        ("Location", job.location),
        ("Snapshots", f"{job.done:,}" + (f" of {job.total:,}" if job.total else "")),
        ("Pace", pace(job)),
        ("Began", time(job.started_at)),
        ("Ended", time(job.finished_at)),
        ("Message", job.message),
        ("Error", job.error),
        ("File", job.error_file),
    ]
    return html.Div(
        [
            state_badge(job.state),
            html.Dl(
                [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts if value],
                className="dt-facts",
            ),
            html.H3("Log"),
            html.Ol(
                [
                    html.Li([html.Time(f"{line.at:%H:%M:%S}"), html.Span(line.text)])
                    for line in lines
                ],
                className="dt-log",
            )
            if lines
            else html.P("No lines yet.", className="dt-soft"),
        ]
    )


def no_jobs() -> Component:
    """Return what stands where no log was ever loaded by a job."""
    return nothing(
        "No log has been loaded by a job yet",
        html.P(
            [
                "Give the folder of a run above. A worker must be running: ",
                html.Code("deeptracker worker"),
                ". Logs elsewhere are loaded by hand: ",
                html.Code("deeptracker ingest PATH"),
                ".",
            ]
        ),
    )
