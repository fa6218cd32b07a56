"""The ids of the jobs page's components."""

from enum import StrEnum

from app.components.changes import Changes


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    TIMER = "jobs-timer"
    SHOWN = "jobs-shown"
    # Workers: how many, a notice where none is alive, a table; the roots that they may read.
    ALIVE = "jobs-alive"
    NONE_ALIVE = "jobs-none-alive"
    WORKERS = "jobs-workers"
    ROOTS = "jobs-roots"
    # Jobs: load now, search, table, details.
    LOCATION = "jobs-location"
    LOCATION_SENT = "jobs-location-sent"
    MODE = "jobs-mode"
    LOAD = "jobs-load"
    PROBLEM = "jobs-problem"
    SEARCH = "jobs-search"
    STATES = "jobs-states"
    COUNT = "jobs-count"
    BODY = "jobs-body"
    HEAD = "jobs-head"
    ORDER = "jobs-order"
    COLUMNS = "jobs-columns"
    WIDTHS = "jobs-widths"
    PINNED = "jobs-pinned"
    TABLE = "jobs-table"
    EMPTY = "jobs-empty"
    PAGER = "jobs-pager"
    OPENED = "jobs-opened"
    DRAWER = "jobs-drawer"
    DETAILS = "jobs-details"
    CHANGE_CLICKED = "jobs-change-clicked"
    OPEN_CLICKED = "jobs-open-clicked"
    # Schedules: their table, and the dialog for a new or an old one.
    SCHEDULES = "jobs-schedules"
    NEW = "jobs-schedule-new"
    EDITED = "jobs-schedule-edited"
    DIALOG = "jobs-schedule-dialog"
    SCHEDULE_LOCATION = "jobs-schedule-location"
    SCHEDULE_MODE = "jobs-schedule-mode"
    CRON = "jobs-schedule-cron"
    ZONE = "jobs-schedule-zone"
    BROWSER_ZONE = "jobs-schedule-browser-zone"
    PREVIEW = "jobs-schedule-preview"
    SAVE = "jobs-schedule-save"
    DELETE = "jobs-schedule-delete"
    SCHEDULE_PROBLEM = "jobs-schedule-problem"
    SCHEDULE_EDIT_CLICKED = "jobs-schedule-edit-clicked"
    SCHEDULE_CHANGE_CLICKED = "jobs-schedule-change-clicked"
    # Watched folders.
    WATCHES = "jobs-watches"
    FOLDER = "jobs-watch-folder"
    FOLDER_SENT = "jobs-watch-folder-sent"
    WATCH = "jobs-watch-add"
    WATCH_PROBLEM = "jobs-watch-problem"
    WATCH_CLICKED = "jobs-watch-clicked"


class Button(StrEnum):
    """The buttons of a job's row; their ids also carry the job's."""

    OPEN = "jobs-open"
    CANCEL = "jobs-cancel"
    RETRY = "jobs-retry"


class ScheduleButton(StrEnum):
    """The buttons of a schedule's row; their ids also carry the schedule's."""

    EDIT = "jobs-schedule-edit"
    RUN = "jobs-schedule-run"
    PAUSE = "jobs-schedule-pause"
    RESUME = "jobs-schedule-resume"


class WatchButton(StrEnum):
    """The buttons of a watched folder's row; their ids also carry the watch's."""

    ON = "jobs-watch-on"
    OFF = "jobs-watch-off"
    REMOVE = "jobs-watch-remove"


def button_id(button: StrEnum, number: int) -> dict[str, str | int]:
    """Return the id of a button of one job, schedule or watched folder."""
    kinds = {Button: "job", ScheduleButton: "schedule", WatchButton: "watch"}
    return {"type": button.value, kinds[type(button)]: number}


CHANGES = Changes(
    "jobs-changed", "load", "job", "schedule", "schedule-dialog", "watch", "watch-new"
)
