"""Ids of the page of probes."""

from enum import StrEnum


class Ids(StrEnum):
    """Every component that a callback or a script names."""

    LIVE = "probe-live"
    AXIS = "probe-axis"
    MAPS = "probe-maps"
    LEGEND = "probe-legend"
    COURSE = "probe-course"
    KERNELS = "probe-kernels"
    OWN = "probe-own"
    TOP = "probe-top"
    CLUSTERS = "probe-clusters"
    COUNT = "probe-count"
    SALIENCY = "probe-saliency"
    SALIENCY_LEGEND = "probe-saliency-legend"
    METHOD = "probe-method"
    TARGET = "probe-target"
    OPACITY = "probe-opacity"
