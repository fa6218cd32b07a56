"""Ids of the validation view."""

from enum import StrEnum


class Ids(StrEnum):
    """Every component that a callback or a script names."""

    LIVE = "validation-live"
    AXIS = "validation-axis"
    ROWS = "validation-rows"
    LEGEND = "validation-legend"
    TABLE = "validation-table"
    CLASSES = "validation-classes"
    STRIP = "validation-strip"
    GALLERY = "validation-gallery"
    LIST = "validation-list"
    WINDOW = "validation-window"
    DIRECTION = "validation-direction"
    CLUSTERS = "validation-clusters"
    GROUP = "validation-group"
    ORDER = "validation-order"
    HEIGHT = "validation-height"
    PALETTE = "validation-palette"
    ONLY = "validation-only-anomalous"
    SEARCH = "validation-search"
    IMAGE_LIST = "validation-image-list"
