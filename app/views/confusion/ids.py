"""Ids of the page of confusion."""

from enum import StrEnum


class Ids(StrEnum):
    """Every component that a callback or a script names."""

    LIVE = "confusion-live"
    AXIS = "confusion-axis"
    MATRIX = "confusion-matrix"
    LEGEND = "confusion-legend"
    CLASSES = "confusion-classes"
    FLOWS = "confusion-flows"
    IMAGES = "confusion-images"
    VIEW = "confusion-view"
    AS = "confusion-as"
    ORDER = "confusion-order"
    DIAGONAL = "confusion-diagonal"
