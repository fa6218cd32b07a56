"""The ids of the runs page's components."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    TIMER = "runs-timer"
    SHOWN = "runs-shown"
    ORDER = "runs-order"
    SEARCH = "runs-search"
    COUNT = "runs-count"
    TABLE = "runs-table"
    BODY = "runs-body"
    EMPTY = "runs-empty"
    PAGER = "runs-pager"
    SORT_STATE = "runs-sort-state"
    SORT_NAME = "runs-sort-name"
    SORT_MODEL = "runs-sort-model"
    SORT_DATASET = "runs-sort-dataset"
    SORT_SNAPSHOTS = "runs-sort-snapshots"
    SORT_ERROR = "runs-sort-error"
    SORT_OWNER = "runs-sort-owner"
    SORT_CREATED = "runs-sort-created"
