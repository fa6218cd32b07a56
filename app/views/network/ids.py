"""The ids of the components of the view of the network."""

from enum import StrEnum

# The graph and the axis above it share the time.
GROUP = "network"


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    LIVE = "network-live"
    AXIS = "network-axis"
    GRAPH = "network-graph"
    FACTS = "network-facts"
    LEGEND = "network-legend"
    LIST = "network-list"
    MEASURE = "network-measure"
    STATISTIC = "network-statistic"
    OF = "network-of"
    SCALE = "network-scale"
    SEARCH = "network-search"
