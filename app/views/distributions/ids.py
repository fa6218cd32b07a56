"""The ids of the components of the page of distributions."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    LIVE = "distributions-live"
    CHARTS = "distributions-charts"
    COUNT = "distributions-count"
    KEY = "distributions-key"
    QUANTITY = "distributions-quantity"
    MODE = "distributions-mode"
    LEVEL = "distributions-level"
    SCALE = "distributions-scale"
    X = "distributions-x"
    RIDGES = "distributions-ridges"
    SEARCH = "distributions-search"
    OTHER = "distributions-other"
