"""The ids of the jobs page's components."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    TIMER = "jobs-timer"
    SHOWN = "jobs-shown"
    CHANGED = "jobs-changed"
    BODY = "jobs-body"
    TABLE = "jobs-table"
    EMPTY = "jobs-empty"
    LOCATION = "jobs-location"
    MODE = "jobs-mode"
    LOAD = "jobs-load"
    PROBLEM = "jobs-problem"
    OPENED = "jobs-opened"
    DRAWER = "jobs-drawer"
    DETAILS = "jobs-details"


class Button(StrEnum):
    """The buttons of a row; their ids also carry the job's."""

    OPEN = "jobs-open"
    CANCEL = "jobs-cancel"
    RETRY = "jobs-retry"


def button_id(button: Button, job_id: int) -> dict[str, str | int]:
    """Return the id of a button of one job."""
    return {"type": button.value, "job": job_id}
