"""The ids of the components of the page of scalars."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    LIVE = "scalars-live"
    AXIS = "scalars-axis"
    LIST = "scalars-list"
