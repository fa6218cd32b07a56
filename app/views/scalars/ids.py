"""The ids of the components of the page of scalars."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    LIVE = "scalars-live"
    AXIS = "scalars-axis"
    SEARCH = "scalars-search"
    REGEX = "scalars-regex"
    SMOOTHING = "scalars-smoothing"
    SMOOTHED = "scalars-smoothed"
    X = "scalars-x"
    OUTLIERS = "scalars-outliers"
    LOG = "scalars-log"
    JOIN = "scalars-join"
    TIED = "scalars-tied"
    COLUMNS = "scalars-columns"
    COUNT = "scalars-count"
    NONE = "scalars-none"
    LIST = "scalars-list"
