"""The ids of the people page's components."""

from enum import StrEnum

from app.components.changes import Changes


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    EMAIL = "people-email"
    NAME = "people-name"
    ROLE = "people-role"
    INVITE = "people-invite"
    PROBLEM = "people-problem"
    LINK = "people-link"
    TABLE = "people-table"
    COUNT = "people-count"
    SEARCH = "people-search"
    # The activity log: its table, and what stands where no entry is found.
    DEEDS = "people-deeds"
    DEEDS_TABLE = "people-deeds-table"
    DEEDS_EMPTY = "people-deeds-empty"
    HEAD = "people-head"
    ORDER = "people-order"
    COLUMNS = "people-columns"
    WIDTHS = "people-widths"
    PINNED = "people-pinned"
    PAGER = "people-pager"
    CLICKED = "people-clicked"


class Act(StrEnum):
    """What a button or a drop-down in a person's row does."""

    ROLE = "people-row-role"
    LINK = "people-row-link"
    END = "people-row-end"
    DEACTIVATE = "people-row-deactivate"
    ACTIVATE = "people-row-activate"


def act_id(act: Act, account_id: int) -> dict[str, str | int]:
    """Return the id of a row's button or drop-down."""
    return {"type": act, "account": account_id}


CHANGES = Changes("people-changed", "invite", "change")
