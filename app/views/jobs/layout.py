"""The jobs page's frame: load now, then jobs, schedules, watched folders and workers as tabs."""

from typing import Any
from urllib.parse import parse_qsl

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.controls import segments
from app.components.data_table import column_panel, frame, stores
from app.components.place_field import place_field
from app.components.row_drawer import row_drawer
from app.components.table_state import Order
from app.view import PageContext
from app.views.jobs import schedule_dialog
from app.views.jobs.ids import CHANGES, Ids
from db.permissions import Permission

FAST_MS = 1_000
SLOW_MS = 5_000
NEWEST = Order("requested")
MODES = {"follow": "Follow", "once": "Once"}
STATES = {
    "all": "All",
    "open": "Open",
    "failed": "Failed",
    "succeeded": "Succeeded",
    "cancelled": "Cancelled",
}

TITLES = {
    "state": "State",
    "log": "Log",
    "mode": "Mode",
    "snapshots": "Snapshots",
    "speed": "Speed",
    "requested": "Requested",
}


def layout(context: PageContext) -> Component:
    """Return the page, on the tab that its address names; its rows come by callback."""
    may_load = context.identity.may(Permission.SCHEDULE_JOBS)
    tabs = {
        "jobs": ("Jobs", _jobs()),
        "schedules": ("Schedules", _schedules(may_load)),
        "watches": ("Watched folders", _watches(may_load)),
        "workers": ("Workers", html.Div(id=Ids.WORKERS)),
    }
    asked = dict(parse_qsl(context.search.lstrip("?"))).get("tab")
    return html.Div(
        [
            dcc.Interval(id=Ids.TIMER, interval=SLOW_MS),
            dcc.Store(id=Ids.SHOWN),
            *CHANGES.stores(),
            dcc.Store(id=Ids.CHANGE_CLICKED),
            dcc.Store(id=Ids.SCHEDULE_CHANGE_CLICKED),
            dcc.Store(id=Ids.WATCH_CLICKED),
            html.Div(
                [
                    html.H1("Ingest jobs"),
                    html.Span(id=Ids.ALIVE, className="dt-count", role="status"),
                ],
                className="dt-page-head",
            ),
            html.Div(id=Ids.NONE_ALIVE),
            _form(may_load),
            html.P(id=Ids.ROOTS, className="dt-soft jobs-roots"),
            dmc.Tabs(
                [
                    dmc.TabsList(
                        [dmc.TabsTab(title, value=name) for name, (title, _) in tabs.items()],
                        **aria(label="Parts of the page"),
                    ),
                    *(
                        dmc.TabsPanel(content, value=name, pt="md")
                        for name, (_, content) in tabs.items()
                    ),
                ],
                value=asked if asked in tabs else "jobs",
            ),
            *row_drawer(Ids, "Ingest job", "lg"),
        ],
        className="dt-page",
    )


def _form(may_load: bool) -> Component:
    if not may_load:
        return html.P(
            "Your role may view jobs; only members and administrators may load logs.",
            className="dt-soft",
        )
    return html.Div(
        [
            place_field(
                Ids.LOCATION,
                label="Run directory",
                description="A path on the worker's machine, or s3://bucket/folder",
                placeholder="my-run",
                className="jobs-location",
            ),
            mode_choice(Ids.MODE),
            dmc.Button("Load now", id=Ids.LOAD),
            html.P(id=Ids.PROBLEM, className="dt-problem", role="alert"),
            dcc.Store(id=Ids.LOCATION_SENT),
        ],
        className="dt-form-row",
    )


def mode_choice(id: str) -> Component:
    """Return the choice of how to load: once, or until the training is over."""
    return dmc.Select(
        id=id,
        label="Mode",
        description="Follow: until the training is over",
        data=[{"value": name, "label": text} for name, text in MODES.items()],
        value="follow",
        allowDeselect=False,
        w=230,
    )


def _jobs() -> list[Any]:
    return [
        html.Div(
            [
                segments(Ids.STATES, "State of the jobs", STATES, "all"),
                html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                dmc.TextInput(
                    id=Ids.SEARCH,
                    placeholder="Search by log, run, person, error",
                    debounce=250,
                    w=320,
                    size="xs",
                    className="dt-search",
                    **aria(label="Search the jobs"),
                ),
                column_panel("jobs", TITLES),
            ],
            className="jobs-filter",
        ),
        *stores("jobs", NEWEST),
        html.Div(
            frame("jobs", label="Ingest jobs", head_id=Ids.HEAD, body_id=Ids.BODY),
            id=Ids.TABLE,
            hidden=True,
        ),
        dmc.Pagination(id=Ids.PAGER, total=1, value=1, size="sm", mt="md", display="none"),
        html.Div(id=Ids.EMPTY),
    ]


def _schedules(may_load: bool) -> list[Any]:
    if not may_load:
        return [html.Div(id=Ids.SCHEDULES)]
    return [
        html.Div(dmc.Button("New schedule", id=Ids.NEW, size="xs"), className="jobs-filter"),
        html.Div(id=Ids.SCHEDULES),
        schedule_dialog.dialog(mode_choice(Ids.SCHEDULE_MODE)),
    ]


def _watches(may_load: bool) -> list[Any]:
    if not may_load:
        return [html.Div(id=Ids.WATCHES)]
    return [
        html.Div(
            [
                place_field(
                    Ids.FOLDER,
                    label="Folder to watch",
                    description="Every new run in it becomes a job automatically, recorded or not",
                    placeholder="/data/runs",
                    className="jobs-location",
                ),
                dmc.Button("Watch", id=Ids.WATCH),
                html.P(id=Ids.WATCH_PROBLEM, className="dt-problem", role="alert"),
                dcc.Store(id=Ids.FOLDER_SENT),
            ],
            className="dt-form-row",
        ),
        html.Div(id=Ids.WATCHES),
    ]
