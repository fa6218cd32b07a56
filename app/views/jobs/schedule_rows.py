"""Schedules and watched folders as tables."""

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.auth.identity import Identity
from app.components.attributes import aria
from app.components.tables import ACTS, cell, nothing, plain_table, state_badge
from app.components.times import time
from app.views.jobs.ids import ScheduleButton, WatchButton, button_id
from app.views.jobs.job_rows import may_change
from app.views.jobs.layout import MODES
from app.views.jobs.times import moment, until
from db.cron import read_cron
from db.errors import Conflict
from db.queries.jobs.schedules import ScheduleRow
from db.queries.jobs.watches import WatchRow


def schedule_table(schedules: list[ScheduleRow], identity: Identity) -> Component:
    """Return the schedules, or how to get one."""
    if not schedules:
        return nothing(
            "No schedules yet",
            html.P(
                "A schedule loads a log again and again: every night, every half hour. The workers "
                "see to it, once for each time; after a pause of all of them the last missed time "
                "is caught up with, once."
            ),
        )
    columns = ("State", "Log", "When", "Next time", "Last time", "Owner", ACTS)
    rows = [schedule_row(one, changeable=may_change(identity, one.owner_id)) for one in schedules]
    return plain_table(columns, rows, label="Schedules")


def schedule_row(schedule: ScheduleRow, *, changeable: bool) -> Component:
    """Return one schedule as a row."""
    try:
        words = read_cron(schedule.cron, schedule.time_zone).words
    except Conflict as error:
        words = str(error)
    coming: Any = "–"
    if schedule.next_due is not None:
        coming = [
            html.Div(moment(schedule.next_due, schedule.time_zone)),
            html.Div(until(schedule.next_due), className="dt-soft"),
        ]
    elif schedule.paused_because:
        coming = html.Div(schedule.paused_because, className="dt-problem")
    state = "active" if schedule.next_due else "paused"
    mode = MODES.get(schedule.mode, schedule.mode).lower()
    return html.Tr(
        [
            cell(state_badge(state)),
            cell(
                [
                    html.Div(_last_name(schedule.location), className="dt-main"),
                    html.Div(f"{mode} · {schedule.location}", className="dt-soft dt-clamp"),
                ]
            ),
            cell(
                [
                    html.Div(words),
                    html.Div(
                        [html.Code(schedule.cron), f" · {schedule.time_zone}"], className="dt-soft"
                    ),
                ]
            ),
            cell(coming),
            cell(_last(schedule)),
            cell(schedule.owner_name or "–"),
            cell(_schedule_buttons(schedule) if changeable else ""),
        ],
        key=str(schedule.id),
    )


def _last_name(location: str) -> str:
    return location.rstrip("/").rpartition("/")[2] or location


def _last(schedule: ScheduleRow) -> list[Any]:
    if schedule.last_due is None:
        return ["not yet"]
    missed = schedule.last_missed or 0
    said = [f"{missed:,} missed before"] if missed else []
    if schedule.last_job_id is not None:
        said.insert(0, f"job {schedule.last_job_id} {schedule.last_job_state}")
    elif schedule.last_note:
        said.insert(0, f"no job: {schedule.last_note}")
    return [time(schedule.last_due), html.Div(", ".join(said), className="dt-soft dt-clamp")]


def _schedule_buttons(schedule: ScheduleRow) -> Component:
    about = f"schedule {schedule.id}"
    paused = schedule.next_due is None
    turn = ("Resume", ScheduleButton.RESUME) if paused else ("Pause", ScheduleButton.PAUSE)
    kinds = (("Run now", ScheduleButton.RUN), turn, ("Edit", ScheduleButton.EDIT))
    return html.Div(
        [small_button(text, button_id(kind, schedule.id), about) for text, kind in kinds],
        className="dt-buttons",
    )


def small_button(text: str, id: dict[str, str | int], about: str) -> Component:
    """Return a button of a row; `about` says to a screen reader of which."""
    return dmc.Button(
        text, id=id, size="compact-xs", variant="default", **aria(label=f"{text}: {about}")
    )


def watch_table(watches: list[WatchRow], identity: Identity) -> Component:
    """Return the watched folders, or what they are good for."""
    if not watches:
        return nothing(
            "No watched folders yet",
            html.P(
                "Watch the folder into which trainings write their run directories: each new one "
                "is loaded by itself, and followed while it is being recorded."
            ),
        )
    columns = ("State", "Folder", "Found", "Last found", "Last checked", "Owner", ACTS)
    rows = [watch_row(one, changeable=may_change(identity, one.owner_id)) for one in watches]
    return plain_table(columns, rows, label="Watched folders")


def watch_row(watch: WatchRow, *, changeable: bool) -> Component:
    """Return one watched folder as a row."""
    about: list[Any] = [html.Div(watch.location, className="dt-main", title=watch.location)]
    if watch.problem:
        about.append(html.Div(watch.problem, className="dt-problem dt-clamp", title=watch.problem))
    elif watch.active and watch.looked_at is None:
        about.append(html.Div("Waiting for a worker to check it.", className="dt-soft"))
    kind = ("Stop", WatchButton.OFF) if watch.active else ("Watch again", WatchButton.ON)
    buttons = html.Div(
        [
            small_button(text, button_id(button, watch.id), watch.location)
            for text, button in (kind, ("Remove", WatchButton.REMOVE))
        ],
        className="dt-buttons",
    )
    return html.Tr(
        [
            cell(state_badge("watching" if watch.active else "off")),
            cell(about),
            cell(f"{watch.found:,} runs" if watch.found != 1 else "1 run"),
            cell(time(watch.last_found_at)),
            cell(time(watch.looked_at)),
            cell(watch.owner_name or "–"),
            cell(buttons if changeable else ""),
        ],
        key=str(watch.id),
    )
