"""Jobs as rows, everything about one of them, and what stands where there are none."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.auth.identity import Identity
from app.components.attributes import aria
from app.components.job_words import trouble
from app.components.tables import cell, nothing, progress, state_badge
from app.components.times import duration, time
from app.views.jobs.ids import Button, button_id
from app.views.jobs.layout import MODES, TITLES
from db.permissions import Permission
from db.queries.jobs.jobs import OPEN_STATES, JobLine, JobRow


def may_change(identity: Identity, owner_id: int | None) -> bool:
    """Return whether somebody may change what `owner_id` asked for; the queries check it again."""
    if identity.may(Permission.MANAGE_JOBS):
        return True
    return identity.may(Permission.SCHEDULE_JOBS) and identity.account_id == owner_id


def row(job: JobRow, *, changeable: bool, columns: Sequence[str] = tuple(TITLES)) -> Component:
    """Return one job as a row."""
    about: list[Any] = [html.Div(_log(job), className="dt-main", title=job.location)]
    if bad := trouble(job):
        about.append(html.Div(bad, className="dt-problem"))
    if job.error:
        about.append(html.Div(job.error, className="dt-problem dt-clamp", title=job.error))
    elif job.message:
        about.append(html.Div(job.message, className="dt-soft dt-clamp", title=job.message))
    live = job.state in OPEN_STATES
    made = {
        "state": state_badge(shown_state(job)),
        "log": about,
        "mode": MODES.get(job.mode, job.mode).lower(),
        "snapshots": progress(job.done, job.total, live=live, label=f"Progress of job {job.id}"),
        "speed": pace(job),
        "requested": [time(job.created_at), html.Div(asked_by(job), className="dt-soft")],
    }
    return html.Tr(
        [
            *(cell(made[name]) for name in columns),
            cell(_buttons(job, changeable=changeable)),
        ],
        key=str(job.id),
    )


def shown_state(job: JobRow) -> str:
    """Return the state of a job for its badge, with more shades than the store has."""
    if stopping(job):
        return "stopping"
    return "waiting" if job.awaited_since is not None and job.state == "queued" else job.state


def stopping(job: JobRow) -> bool:
    """Return whether the job was asked to end and still runs."""
    return job.cancel_requested and job.state in OPEN_STATES


def pace(job: JobRow) -> str:
    """Return rate and remaining time of a running job, the place of one that waits.

    One that follows a log and has loaded all of it has neither: it waits for more.
    """
    if job.state == "queued" and job.position is not None:
        return "next in the queue" if job.position == 1 else f"{_nth(job.position)} in the queue"
    if job.state != "running" or not job.rate or job.silent_since is not None:
        return ""
    if job.mode == "follow" and job.total is not None and job.done >= job.total:
        return "up to date"
    left = duration(job.remaining_seconds)
    return f"{job.rate:,.1f} per second" + (f", {left} left" if left else "")


def _nth(number: int) -> str:
    last = {1: "st", 2: "nd", 3: "rd"}
    teens = number % 100 in (11, 12, 13)
    return f"{number:,}{'th' if teens else last.get(number % 10, 'th')}"


def asked_by(job: JobRow) -> str:
    """Return who asked for a job: a schedule, a watched folder, or a person."""
    by = job.requested_by_name or ""
    if job.schedule_id is not None:
        return f"schedule {job.schedule_id}" + (f" of {by}" if by else "")
    if job.watch_id is not None:
        return "watched folder" + (f" of {by}" if by else "")
    return by


def _log(job: JobRow) -> Component:
    name = job.run_name or job.location.rstrip("/").rpartition("/")[2] or job.location
    if job.run_id is None:
        return html.Span(name)
    return dmc.Anchor(name, href=f"/run/{job.run_id}/overview", fw=600)


def _buttons(job: JobRow, *, changeable: bool) -> Component:
    buttons = [_button("Log", Button.OPEN, job)]
    if changeable and job.state in OPEN_STATES:
        buttons.append(_button("Cancel", Button.CANCEL, job, disabled=stopping(job)))
    elif changeable:
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


def details(job: JobRow, lines: list[JobLine], *, limit: int) -> Component:
    """Return everything that is known about a job; `lines` are the last `limit` of its log."""
    facts: list[tuple[str, Any]] = [
        ("Job", f"{job.id}, attempt {max(1, job.attempts)}"),
        ("Location", job.location),
        ("Requested by", asked_by(job)),
        ("Worker", job.worker),
        ("Snapshots", f"{job.done:,}" + (f" of {job.total:,}" if job.total else "")),
        ("Speed", pace(job)),
        ("Requested", time(job.created_at)),
        ("Started", time(job.started_at) if job.started_at else None),
        ("Finished", time(job.finished_at) if job.finished_at else None),
        ("Message", job.message),
        ("Problem", trouble(job)),
        ("Error", job.error),
        ("File", job.error_file),
    ]
    shown = [
        html.Li([html.Time(f"{line.at:%H:%M:%S}", title=f"{line.at:%Y-%m-%d} UTC"), line.text])
        for line in lines
    ]
    return html.Div(
        [
            state_badge(shown_state(job)),
            html.Dl(
                [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts if value],
                className="dt-facts",
            ),
            html.H3("Log (UTC)"),
            html.P(f"The last {limit:,} lines.", className="dt-soft")
            if len(lines) == limit
            else None,
            html.Ol(shown, className="dt-log")
            if shown
            else html.P("No lines yet.", className="dt-soft"),
        ]
    )


def no_jobs() -> Component:
    """Return what stands where no log was ever loaded by a job."""
    return nothing(
        "No log has been loaded by a job yet",
        html.P(
            [
                "Enter the folder of a run above. A worker must be running: ",
                html.Code("deeptracker worker"),
                ". Logs elsewhere are loaded by hand: ",
                html.Code("deeptracker ingest PATH"),
                ". What other tools logged is brought on the page ",
                dmc.Anchor("Bring a run", href="/bring"),
                ".",
            ]
        ),
    )


def no_match() -> Component:
    """Return what stands where state and search leave no job."""
    return nothing("No job matches", html.P("Choose another state, or search for fewer words."))
