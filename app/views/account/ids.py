"""The ids of the account page's components."""

from enum import StrEnum

from app.components.changes import Changes


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    PRESENT = "account-present"
    CHOSEN = "account-chosen"
    AGAIN = "account-again"
    SAVE = "account-save"
    SAID = "account-said"
    SESSIONS = "account-sessions"
    API_NAME = "account-api-name"
    API_LIFE = "account-api-life"
    API_MAKE = "account-api-make"
    API_SAID = "account-api-said"
    TOKENS = "account-tokens"
    END_CLICKED = "account-end-clicked"
    REVOKE_CLICKED = "account-revoke-clicked"


END = "account-end"
REVOKE = "account-revoke"


def end_id(session: str) -> dict[str, str]:
    """Return the id of the button that ends a session, given by its hash."""
    return {"type": END, "session": session}


def revoke_id(token: int) -> dict[str, str | int]:
    """Return the id of the button that revokes an API token."""
    return {"type": REVOKE, "token": token}


CHANGES = Changes("account-changed", "password", "session")


TOKEN_CHANGES = Changes("account-tokens-changed", "make", "revoke")
