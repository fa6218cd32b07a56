"""The ids of the components of the page of the data."""

from enum import StrEnum

from app.components.changes import Changes


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    RUN = "review-run"
    TIMER = "review-timer"
    SHOWN = "review-shown"
    LIVE = "review-live"
    KIND = "review-kind"
    RUNS = "review-runs"
    SEARCH = "review-search"
    DECIDED = "review-decided"
    ABOUT = "review-about"
    COUNT = "review-count"
    TOOLS = "review-tools"
    TICK_ALL = "review-tick-all"
    KEEP = "review-keep"
    RELABEL = "review-relabel"
    LABEL = "review-label"
    REMOVE = "review-remove"
    UNDO = "review-undo"
    STATUS = "review-status"
    PROBLEM = "review-problem"
    LIST = "review-list"
    PAGER = "review-pager"
    EXPORT = "review-export"


class Item(StrEnum):
    """The type of what stands once for every image."""

    TICK = "review-tick"


CHANGES = Changes("review-decided-on", "decide")
