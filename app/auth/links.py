"""One-time links, with which a person chooses a password and logs in."""

from flask import current_app, request
from sqlalchemy.orm import Session

from app.auth.tokens import new_token
from db.queries.team import sessions

PATH = "/link/"
PUBLIC_URL = "DEEPTRACKER_PUBLIC_URL"


def make_link(session: Session, *, account_id: int, address: str, beside: bool = False) -> str:
    """Return a new link under the server's `address`; earlier ones end, or it stands `beside`."""
    token, token_hash = new_token()
    sessions.add_link(session, account_id=account_id, token_hash=token_hash, beside=beside)
    return f"{address}{PATH}{token}"


def link_address(token: str) -> str:
    """Return the address of a link under the name by which this request came.

    The guard has checked that the name is ours; a public address of the settings comes first.
    """
    address = current_app.config.get(PUBLIC_URL) or request.host_url.rstrip("/")
    return f"{address}{PATH}{token}"
