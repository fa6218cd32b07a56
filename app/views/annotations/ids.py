"""The ids of the annotations page's components."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    TIMER = "annotations-timer"
    SHOWN = "annotations-shown"
    CHOICES_SHOWN = "annotations-choices-shown"
    LISTED = "annotations-listed"
    READ = "annotations-read"
    SEARCH = "annotations-search"
    STATE = "annotations-state"
    RUN = "annotations-run"
    AUTHOR = "annotations-author"
    TAG = "annotations-tag"
    MENTIONS = "annotations-mentions"
    MARK_READ = "annotations-mark-read"
    COUNT = "annotations-count"
    TABLE = "annotations-table"
    BODY = "annotations-body"
    EMPTY = "annotations-empty"
    PAGER = "annotations-pager"
