"""The ids of the cube's components."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    LIVE = "cube-live"
    CUBE = "cube-faces"
    MODE = "cube-mode"
    ONLY = "cube-only-anomalous"
    WINDOW = "cube-window"
    TOP_COUNT = "cube-top-count"
    FRONT = "cube-front"
    FRONT_CAPTION = "cube-front-caption"
    FRONT_LEGEND = "cube-front-legend"
    TOP = "cube-top"
    TOP_CAPTION = "cube-top-caption"
    TOP_LEGEND = "cube-top-legend"
    RIGHT = "cube-right"
    RIGHT_CAPTION = "cube-right-caption"
    RIGHT_LEGEND = "cube-right-legend"
    TIED = "cube-tied"
    ORDER = "cube-order"
    PALETTE = "cube-palette"
    CONTROLS = "cube-controls"
    READOUT = "cube-readout"
