"""The ids of the workspace."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    WANTED = "workspace-wanted"
    ROOM = "workspace-room"
    ARRANGE = "workspace-arrange"


def body_id(name: str) -> str:
    """Return the id of the place of a view's body."""
    return f"workspace-body-{name}"
