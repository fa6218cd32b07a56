"""The ids of the alerts page's components."""

from enum import StrEnum

from app.components.changes import Changes


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    TIMER = "alerts-timer"
    SHOWN = "alerts-shown"
    BODY = "alerts-body"
    TABLE = "alerts-table"
    EMPTY = "alerts-empty"
    COUNT = "alerts-count"
    READ = "alerts-read"
    NEWEST = "alerts-newest"
    READ_DONE = "alerts-read-done"
    CHANNELS = "alerts-channels"
    KIND = "alerts-kind"
    ADDRESS = "alerts-address"
    SEVERITY = "alerts-severity"
    ADD = "alerts-add"
    PROBLEM = "alerts-problem"
    CLICKED = "alerts-clicked"
    SNOOZE_CLICKED = "alerts-snooze-clicked"


class Button(StrEnum):
    """The type of a button in the row of a channel."""

    REMOVE = "alerts-remove"


class Snooze(StrEnum):
    """The type of a choice in the row of an alert: what is snoozed, or no longer."""

    EVENT = "alerts-snooze-event"
    HOUR = "alerts-snooze-hour"
    NIGHT = "alerts-snooze-night"
    DAY = "alerts-snooze-day"
    WEEK = "alerts-snooze-week"
    WAKE_EVENT = "alerts-wake-event"
    WAKE_RUN = "alerts-wake-run"


# For how many hours a run is snoozed.
HOURS = {Snooze.HOUR: 1, Snooze.NIGHT: 12, Snooze.DAY: 24, Snooze.WEEK: 168}

CHANGES = Changes("alerts-changed", "add", "remove")
SNOOZES = Changes("alerts-snoozed", "choose")
