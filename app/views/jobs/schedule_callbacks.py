"""What can be done with schedules: the dialog with its preview, run now, pause, resume, delete."""

from typing import Any

from dash import ALL, ClientsideFunction, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from app import store
from app.auth.identity import current_identity, require
from app.callbacks import Callbacks
from app.components.clicks import clicked, is_id, relayed, text
from app.reading import reads
from app.views.jobs.ids import CHANGES, Ids, ScheduleButton
from app.views.jobs.schedule_dialog import preview
from db.errors import Conflict, NotFound
from db.permissions import Permission
from db.queries.jobs import schedules
from db.queries.jobs.schedule_changes import ScheduleChanged

_FIELDS = {
    "location": Ids.SCHEDULE_LOCATION,
    "mode": Ids.SCHEDULE_MODE,
    "cron": Ids.CRON,
    "time_zone": Ids.ZONE,
}


def _dialog(*, again: bool = False) -> dict[str, Output]:
    """Return what opens the dialog and fills it; `again` for all callbacks but one."""
    parts = {
        "edited": (Ids.EDITED, "data"),
        "opened": (Ids.DIALOG, "opened"),
        "title": (Ids.DIALOG, "title"),
        "delete": (Ids.DELETE, "display"),
        **{name: (field, "value") for name, field in _FIELDS.items()},
    }
    # What was wrong before is not wrong now; the end of the dialog says what is.
    emptied = Output(Ids.SCHEDULE_PROBLEM, "children", allow_duplicate=True)
    return {
        "problem": emptied,
        **{name: Output(*part, allow_duplicate=again) for name, part in parts.items()},
    }


callbacks = Callbacks()
callbacks.clientside_callback(
    ClientsideFunction("jobs", "time_zone"),
    Output(Ids.BROWSER_ZONE, "data"),
    Input(Ids.BROWSER_ZONE, "id"),
)
# What was refused is no longer what stands there once somebody writes: at once, so that no answer
# of the server's empties a refusal that came after it.
callbacks.clientside_callback(
    ClientsideFunction("jobs", "unsaid"),
    Output(Ids.SCHEDULE_PROBLEM, "children", allow_duplicate=True),
    *(Input(field, "value") for field in _FIELDS.values()),
    prevent_initial_call=True,
)
register = callbacks.register


@callbacks.callback(
    output=_dialog(),
    inputs={"clicks": Input(Ids.NEW, "n_clicks")},
    state={"browser_zone": State(Ids.BROWSER_ZONE, "data")},
    prevent_initial_call=True,
)
@reads
def open_new_schedule(clicks: object, browser_zone: object) -> dict[str, Any]:
    """Open the dialog with nothing in it but the browser's time zone."""
    require(Permission.SCHEDULE_JOBS)
    if not clicks:
        raise PreventUpdate
    return {
        "problem": "",
        "edited": {"new": clicks},
        "opened": True,
        "title": "New schedule",
        "delete": "none",
        "location": "",
        "mode": "once",
        "cron": "",
        "time_zone": text(browser_zone) or "UTC",
    }


@callbacks.callback(
    output=_dialog(again=True),
    inputs={
        "click": relayed(
            callbacks,
            Ids.SCHEDULE_EDIT_CLICKED,
            Input({"type": ScheduleButton.EDIT, "schedule": ALL}, "n_clicks"),
        )
    },
    prevent_initial_call=True,
)
@reads
def open_schedule(click: object) -> dict[str, Any]:
    """Open the dialog with a schedule."""
    require(Permission.SCHEDULE_JOBS)
    _, schedule_id, number = clicked(click, "schedule")
    with store.transaction() as session:
        found = schedules.get_schedule(session, schedule_id=schedule_id)
    return {
        "problem": "",
        "edited": {"schedule": schedule_id, "click": number, "seen": _fields_of(found)},
        "opened": True,
        "title": f"Schedule {schedule_id}",
        "delete": "block",
        **_fields_of(found),
    }


def _fields_of(schedule: schedules.ScheduleRow) -> dict[str, str]:
    return {name: getattr(schedule, name) for name in _FIELDS}


@callbacks.callback(
    Output(Ids.PREVIEW, "children"),
    Input(Ids.CRON, "value"),
    Input(Ids.ZONE, "value"),
)
@reads
def show_preview(cron: object, time_zone: object) -> Any:
    """Return what the expression means, and when it comes."""
    current_identity()
    return preview(text(cron), text(time_zone))


@callbacks.callback(
    # The dialog was opened by another callback.
    output=[
        CHANGES.by("schedule-dialog"),
        Output(Ids.DIALOG, "opened", allow_duplicate=True),
        Output(Ids.SCHEDULE_PROBLEM, "children"),
        Output(Ids.EDITED, "data", allow_duplicate=True),
    ],
    inputs={
        "clicks": [Input(Ids.SAVE, "n_clicks"), Input(Ids.DELETE, "n_clicks")],
    },
    state={
        "edited": State(Ids.EDITED, "data"),
        "values": {name: State(field, "value") for name, field in _FIELDS.items()},
    },
    prevent_initial_call=True,
)
def end_dialog(
    clicks: list[object], edited: object, values: dict[str, object]
) -> tuple[Any, Any, Any, Any]:
    """Keep or delete the schedule of the dialog; what is wrong is said in it.

    What somebody else did to it meanwhile is said once: the same button then goes on all the same.
    """
    identity = require(Permission.SCHEDULE_JOBS)
    if ctx.triggered_id not in (Ids.SAVE, Ids.DELETE) or not isinstance(edited, dict):
        raise PreventUpdate
    deletes = ctx.triggered_id == Ids.DELETE
    fields = {name: text(value) for name, value in values.items()}
    done = [str(ctx.triggered_id), *clicks], False, "", no_update
    try:
        with store.transaction() as session:
            _end(session, edited, None if deletes else fields, by=identity.account_id)
    except NotFound:
        if deletes:
            return done
        said = (
            "Somebody has deleted this schedule in the meantime. Save again to keep what stands "
            "here as a new one."
        )
        return no_update, no_update, said, {"new": clicks}
    except ScheduleChanged as error:
        again = "Delete again to delete it" if deletes else "Save again to overwrite it"
        return no_update, no_update, f"{error} {again}.", {**edited, "seen": error.now}
    except Conflict as error:
        return no_update, no_update, str(error), no_update
    return done


def _end(
    session: Session, edited: dict[str, Any], fields: dict[str, Any] | None, *, by: int
) -> None:
    """Keep `fields` as the schedule of the dialog; delete it where there are none."""
    schedule_id, seen = edited.get("schedule"), edited.get("seen")
    if schedule_id is None:
        if fields is not None:
            schedules.add_schedule(session, **fields, by=by)
        return
    if not isinstance(schedule_id, int) or not is_id(schedule_id):
        raise PreventUpdate
    one: dict[str, Any] = {
        "schedule_id": schedule_id,
        "by": by,
        "seen": seen if isinstance(seen, dict) else None,
    }
    if fields is None:
        schedules.delete_schedule(session, **one)
    else:
        schedules.edit_schedule(session, **fields, **one)


@callbacks.callback(
    CHANGES.by("schedule"),
    relayed(
        callbacks,
        Ids.SCHEDULE_CHANGE_CLICKED,
        Input({"type": ScheduleButton.RUN, "schedule": ALL}, "n_clicks"),
        Input({"type": ScheduleButton.PAUSE, "schedule": ALL}, "n_clicks"),
        Input({"type": ScheduleButton.RESUME, "schedule": ALL}, "n_clicks"),
    ),
    prevent_initial_call=True,
)
def change_schedule(click: object) -> list[Any]:
    """Run a schedule's job now, pause it, or let it go on."""
    identity = require(Permission.SCHEDULE_JOBS)
    button, schedule_id, clicks = clicked(click, "schedule")
    with store.transaction() as session:
        if button == ScheduleButton.RUN:
            schedules.run_schedule(session, schedule_id=schedule_id, by=identity.account_id)
        elif button in (ScheduleButton.PAUSE, ScheduleButton.RESUME):
            schedules.pause_schedule(
                session,
                schedule_id=schedule_id,
                paused=button == ScheduleButton.PAUSE,
                by=identity.account_id,
            )
        else:
            raise PreventUpdate
    return [button, schedule_id, clicks]
