"""Ids of the correlation view."""

from enum import StrEnum


class Ids(StrEnum):
    """Every component that a callback or a script names."""

    LIVE = "correlation-live"
    GRID = "correlation-grid"
    LEGEND = "correlation-legend"
    WINDOW = "correlation-window"
    SLIDERS = "correlation-sliders"
    CELLS = "correlation-cells"
    FILTERS = "correlation-filters"
    DIRECTION = "correlation-direction"
    QUANTITY = "correlation-quantity"
    COLOUR = "correlation-colour"
    SIGNIFICANCE = "correlation-significance"
    ROW_ORDER = "correlation-row-order"
    COLUMN_ORDER = "correlation-column-order"
