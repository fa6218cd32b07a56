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


class Button(StrEnum):
    """The type of a button in the row of a channel."""

    REMOVE = "alerts-remove"


CHANGES = Changes("alerts-changed", "add", "remove")
