"""One-time links, with which a person chooses a password and logs in."""

from sqlalchemy.orm import Session

from app.auth.tokens import new_token
from db.queries import sessions

PATH = "/link/"


def make_link(session: Session, *, account_id: int, address: str) -> str:
    """Return a new link under the server's `address`; earlier ones of the account end."""
    token, token_hash = new_token()
    sessions.add_link(session, account_id=account_id, token_hash=token_hash)
    return f"{address}{PATH}{token}"
