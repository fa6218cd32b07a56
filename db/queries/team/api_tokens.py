"""Tokens with which scripts act as an account; found by their hash."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from db.errors import Conflict, NotFound
from db.models import Account, ApiToken
from db.queries.store import store_key
from db.queries.team.sessions import SEEN_EVERY, LoggedIn

MAX_TOKENS = 20
MAX_NAME = 80


@dataclass(frozen=True)
class TokenRow:
    """One token that works, or has expired; never the token itself."""

    id: int
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def add_token(
    session: Session,
    *,
    account_id: int,
    token_hash: bytes,
    name: str,
    lifetime: timedelta | None = None,
) -> int:
    """Add a token and return its id; Conflict for a bad name or too many tokens."""
    shown = name.strip()
    if not shown or len(shown) > MAX_NAME or not shown.isprintable():
        raise Conflict(f"Enter a token name of 1 to {MAX_NAME} printable characters.")
    # The account's row is the lock that keeps two browsers from passing the limit together.
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update())
    if len(list_tokens(session, account_id=account_id)) >= MAX_TOKENS:
        raise Conflict(f"An account has at most {MAX_TOKENS} tokens; revoke one first.")
    return session.scalars(
        insert(ApiToken)
        .values(
            token_hash=token_hash,
            account_id=account_id,
            name=shown,
            expires_at=None if lifetime is None else func.now() + lifetime,
        )
        .returning(ApiToken.id)
    ).one()


def list_tokens(session: Session, *, account_id: int) -> list[TokenRow]:
    """Return the tokens of an account that are not revoked, the newest first."""
    rows = session.execute(
        select(*(getattr(ApiToken, name) for name in TokenRow.__dataclass_fields__))
        .where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
    )
    return [TokenRow(**row._mapping) for row in rows]


def revoke_token(session: Session, *, account_id: int, token_id: int) -> str:
    """End a token of the account and return its name; NotFound, also for another's token."""
    name = session.scalar(
        update(ApiToken)
        .where(
            ApiToken.id == token_id,
            ApiToken.account_id == account_id,
            ApiToken.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
        .returning(ApiToken.name)
    )
    if name is None:
        raise NotFound("token", token_id)
    return name


def revoke_tokens(session: Session, *, account_id: int) -> int:
    """End all tokens of an account; return how many."""
    ended = session.execute(
        update(ApiToken)
        .where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(ApiToken.id)
    )
    return len(ended.all())


def find_token(session: Session, *, token_hash: bytes) -> LoggedIn | None:
    """Return whose token it is where it works: not revoked, not expired, account active."""
    row = session.execute(
        select(
            Account.id,
            Account.name,
            Account.email,
            Account.role,
            or_(
                ApiToken.last_used_at.is_(None), ApiToken.last_used_at < func.now() - SEEN_EVERY
            ).label("due"),
            store_key(),
        )
        .join(Account, Account.id == ApiToken.account_id)
        .where(
            ApiToken.token_hash == token_hash,
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > func.now()),
            Account.active,
        )
    ).one_or_none()
    return None if row is None else LoggedIn(*row)


def note_used(session: Session, *, token_hash: bytes) -> None:
    """Note that a token is in use."""
    session.execute(
        update(ApiToken).where(ApiToken.token_hash == token_hash).values(last_used_at=func.now())
    )
