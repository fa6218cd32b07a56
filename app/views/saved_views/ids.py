"""The ids of the page of saved views."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    SEARCH = "views-search"
    COUNT = "views-count"
    TABLE = "views-table"
    BODY = "views-body"
    EMPTY = "views-empty"
    CHANGED = "views-changed"
    OPENED = "views-opened"
    DIALOG = "views-dialog"
    NAME = "views-name"
    SHARED = "views-shared"
    APPLY = "views-apply"
    DELETE = "views-delete"
    PROBLEM = "views-problem"
    CLICKED = "views-clicked"


class Button(StrEnum):
    """The buttons of a row; their ids also carry the view's."""

    EDIT = "views-edit"


def button_id(button: Button, view_id: str) -> dict[str, str]:
    """Return the id of a button of one saved view."""
    return {"type": button.value, "view": view_id}
