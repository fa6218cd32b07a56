"""The ids of the account page's components."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    PRESENT = "account-present"
    CHOSEN = "account-chosen"
    AGAIN = "account-again"
    SAVE = "account-save"
    SAID = "account-said"
    SESSIONS = "account-sessions"
    CHANGED = "account-changed"


END = "account-end"


def end_id(session: str) -> dict[str, str]:
    """Return the id of the button that ends a session, given by its hash."""
    return {"type": END, "session": session}
