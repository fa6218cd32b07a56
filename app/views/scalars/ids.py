"""The ids of the components of the page of scalars."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    RUN = "scalars-run"
    TIMER = "scalars-timer"
    SHOWN = "scalars-shown"
    LIVE = "scalars-live"
    AXIS = "scalars-axis"
    SEARCH = "scalars-search"
    LOG = "scalars-log"
    PAGER = "scalars-pager"
    COUNT = "scalars-count"
    LIST = "scalars-list"


def chart_id(key: str) -> str:
    """Return the id of the chart of a scalar, by its key."""
    return f"scalars-chart-{key}"


def legend_id(key: str) -> str:
    """Return the id of what says how many values of a scalar are drawn."""
    return f"scalars-legend-{key}"
