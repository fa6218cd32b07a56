"""Ids of the page of what changed."""

from enum import StrEnum


class Ids(StrEnum):
    """Every component that a callback or a script names."""

    LIVE = "change-live"
    AXIS = "change-axis"
    RUN = "change-run"
    BODY = "change-body"
    HISTOGRAM = "change-histogram"
    OTHER = "change-other"
    OTHER_AT = "change-other-at"
    OTHER_AT_HOLDER = "change-other-at-holder"
    LAYER = "change-layer"
