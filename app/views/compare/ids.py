"""The ids of the compare page's components."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    RUNS = "compare-runs"
    BODY = "compare-body"
    TIMER = "compare-timer"
    VERSIONS = "compare-versions"
    STATE = "compare-state"
    KEY = "compare-key"
    ALIGN = "compare-align"
    GROUPING = "compare-grouping"
    LOG = "compare-log"
    AXIS = "compare-axis"
    SERIES = "compare-series"
    SERIES_LEGEND = "compare-series-legend"
    EVENTS = "compare-events"
    MEASURE = "compare-measure"
    STATISTIC = "compare-statistic"
    SCALE = "compare-scale"
    LAYERS = "compare-layers"
    LAYERS_LEGEND = "compare-layers-legend"
    FIRST = "compare-first"
    SECOND = "compare-second"
    ORDER = "compare-order"
    MAP_FIRST = "compare-map-first"
    MAP_SECOND = "compare-map-second"
    MAP_DIFFERENCE = "compare-map-difference"
    MATCHING = "compare-matching"
    IMAGES = "compare-images"
