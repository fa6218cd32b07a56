"""The ids of the components of the page of the machine."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    LIVE = "machine-live"
    AXIS = "machine-axis"
    LIST = "machine-list"
