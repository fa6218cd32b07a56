"""The ids of the overview's components."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    LIVE = "overview-live"
    AXIS = "overview-axis"
    STRIP = "overview-strip"
    STRIP_LEGEND = "overview-strip-legend"
    CLASSES = "overview-classes"
    CLASSES_LEGEND = "overview-classes-legend"
    LAYERS = "overview-layers"
    LAYERS_LEGEND = "overview-layers-legend"
    READOUT = "overview-readout"
    PALETTE = "overview-palette"
    ORDER = "overview-order"
    QUANTITY = "overview-quantity"
    STATISTIC = "overview-statistic"
    SCALING = "overview-scaling"
    LOG_LOSS = "overview-log-loss"
    NAME = "overview-name"
    WORDS = "overview-words"
    EDIT = "overview-edit"
    SEEN = "overview-seen"
    DRAWER = "overview-drawer"
    TITLE = "overview-title"
    TAGS = "overview-tags"
    NOTES = "overview-notes"
    SAVE = "overview-save"
    SAID = "overview-said"
