"""The ids of the layer view's components."""

from enum import StrEnum

# The charts of this view share one time axis, left of which there is room for the tree.
GROUP = "layers"


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    LIVE = "layers-live"
    AXIS = "layers-axis"
    MULTIPLES = "layers-multiples"
    KEY = "layers-key"
    COMPARE = "layers-compare"
    MAGNITUDES = "layers-magnitudes"
    MAGNITUDE = "layers-magnitude"
    FILTERS = "layers-filters"
    FILTERS_LEGEND = "layers-filters-legend"
    FILTERS_FACTS = "layers-filters-facts"
    FILTER = "layers-filter"
    FILTER_FACTS = "layers-filter-facts"
    READOUT = "layers-readout"
    TOP = "layers-top"
    MEASURE = "layers-measure"
    STATISTIC = "layers-statistic"
    ENCODING = "layers-encoding"
    SCALE = "layers-scale"
    SAME = "layers-same"
    HEIGHT = "layers-height"
    SEARCH = "layers-search"
    LIMIT = "layers-limit"
    LIMIT_OF = "layers-limit-of"
    SETTLED = "layers-settled-count"
    NORMALISED = "layers-normalised"
    FILTER_QUANTITY = "layers-filter-quantity"
    FILTER_SCALING = "layers-filter-scaling"
    FILTER_ORDER = "layers-filter-order"
    TOP_QUANTITY = "layers-top-quantity"
    TOP_SORT = "layers-top-sort"
    TOP_COUNT = "layers-top-count"
