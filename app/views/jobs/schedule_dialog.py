"""The dialog for a new or an old schedule, and what it says about the times while one types."""

from datetime import UTC, datetime
from zoneinfo import available_timezones

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.place_field import place_field
from app.views.jobs.ids import Ids
from app.views.jobs.times import moment
from db.cron import read_cron
from db.errors import Conflict

TIMES = 4


def dialog(mode: Component) -> Component:
    """Return the dialog, closed; `mode` is its choice of how to load."""
    return html.Div(
        [
            dcc.Store(id=Ids.EDITED),
            dcc.Store(id=Ids.SCHEDULE_EDIT_CLICKED),
            dcc.Store(id=Ids.BROWSER_ZONE),
            dmc.Modal(
                html.Div(
                    [
                        place_field(
                            Ids.SCHEDULE_LOCATION,
                            label="Run directory",
                            description="A path on the worker's machine, or s3://bucket/folder",
                            placeholder="my-run",
                        ),
                        mode,
                        dmc.TextInput(
                            id=Ids.CRON,
                            label="When (cron expression)",
                            description="Minute, hour, day of the month, month, day of the week: "
                            "0 6 * * 1-5 or */30 * * * * or @daily",
                            placeholder="0 6 * * 1-5",
                            debounce=200,
                        ),
                        dmc.Select(
                            id=Ids.ZONE,
                            label="Time zone",
                            data=sorted(available_timezones()),
                            value="UTC",
                            searchable=True,
                            limit=60,
                            allowDeselect=False,
                            nothingFoundMessage="No such time zone",
                        ),
                        html.Div(id=Ids.PREVIEW, className="jobs-preview", role="status"),
                        html.P(id=Ids.SCHEDULE_PROBLEM, className="dt-problem", role="alert"),
                        html.Div(
                            [
                                dmc.Button(
                                    "Delete schedule",
                                    id=Ids.DELETE,
                                    variant="subtle",
                                    color="red",
                                    display="none",
                                ),
                                dmc.Button("Save", id=Ids.SAVE),
                            ],
                            className="jobs-dialog-end",
                        ),
                    ],
                    className="jobs-dialog",
                ),
                id=Ids.DIALOG,
                title="New schedule",
                size="lg",
                centered=True,
            ),
        ]
    )


def preview(cron: str, time_zone: str, *, now: datetime | None = None) -> Component:
    """Return what an expression means and its next times, or what is wrong with it."""
    if not cron.strip():
        return html.P("The next times appear here.", className="dt-soft")
    try:
        checked = read_cron(cron, time_zone)
    except Conflict as error:
        return html.P(str(error), className="dt-problem")
    times = checked.next_times(now or datetime.now(UTC), count=TIMES)
    return html.Div(
        [
            html.Strong(f"{checked.words}."),
            html.Div(f"Next times, {time_zone}:", className="dt-soft"),
            html.Ol([html.Li(moment(time, time_zone)) for time in times]),
        ]
    )
