"""Logins of browsers, and links that work once; both are found by the hash of their token."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.models import Account, AccountSession, AccountToken
from db.queries.store import store_key
from db.queries.team.accounts import AccountRow, get_account
from db.raw import Question

IDLE = timedelta(days=7)
LONGEST = timedelta(days=30)
# How long a link may be put to use.
LINK = timedelta(hours=24)
# Times are noted this coarsely: a write for every request would be dear.
SEEN_EVERY = timedelta(minutes=1)
MAX_AGENT = 300
LINK_PURPOSE = "set_password"


@dataclass(frozen=True)
class LoggedIn:
    """The account behind a session; the session's `seen` is due to be noted again.

    `store` is what store_key names: the store that was asked.
    """

    account_id: int
    name: str
    email: str
    role: str
    due: bool
    store: str


@dataclass(frozen=True)
class SessionRow:
    """One login that still holds."""

    token_hash: bytes
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str | None
    address: str | None


def add_session(
    session: Session, *, account_id: int, token_hash: bytes, user_agent: str, address: str
) -> None:
    """Begin a session; those that are over for long are forgotten on the way."""
    session.execute(
        delete(AccountSession).where(AccountSession.expires_at < func.now() - timedelta(days=30))
    )
    session.execute(
        insert(AccountSession).values(
            token_hash=token_hash,
            account_id=account_id,
            expires_at=func.now() + IDLE,
            user_agent=user_agent[:MAX_AGENT],
            address=address,
        )
    )


_FIND = Question(
    select(
        Account.id,
        Account.name,
        Account.email,
        Account.role,
        (AccountSession.last_seen_at < func.now() - SEEN_EVERY).label("due"),
        store_key(),
    )
    .join(Account, Account.id == AccountSession.account_id)
    .where(
        AccountSession.token_hash == bindparam("token_hash"),
        AccountSession.revoked_at.is_(None),
        AccountSession.expires_at > func.now(),
        Account.active,
    )
)


def find_session(session: Session, *, token_hash: bytes) -> LoggedIn | None:
    """Return who is logged in by a session that holds: not over, not revoked, account active."""
    row = _FIND.row(session, token_hash=token_hash)
    return None if row is None else LoggedIn(*row)


def note_seen(session: Session, *, token_hash: bytes) -> None:
    """Note that a session is in use: it lasts IDLE from now on, but LONGEST at most."""
    session.execute(
        update(AccountSession)
        .where(AccountSession.token_hash == token_hash, AccountSession.revoked_at.is_(None))
        .values(
            last_seen_at=func.now(),
            expires_at=func.least(func.now() + IDLE, AccountSession.created_at + LONGEST),
        )
    )


def list_sessions(session: Session, *, account_id: int) -> list[SessionRow]:
    """Return the sessions of an account that hold, the one in use last first."""
    rows = session.execute(
        select(*(getattr(AccountSession, name) for name in SessionRow.__dataclass_fields__))
        .where(
            AccountSession.account_id == account_id,
            AccountSession.revoked_at.is_(None),
            AccountSession.expires_at > func.now(),
        )
        .order_by(AccountSession.last_seen_at.desc(), AccountSession.token_hash)
    )
    return [SessionRow(**row._mapping) for row in rows]


def revoke_session(session: Session, *, account_id: int, token_hash: bytes) -> bool:
    """End one session of an account; return whether there was one to end."""
    ended = session.execute(
        update(AccountSession)
        .where(
            AccountSession.token_hash == token_hash,
            AccountSession.account_id == account_id,
            AccountSession.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
        .returning(AccountSession.account_id)
    )
    return ended.one_or_none() is not None


def revoke_sessions(session: Session, *, account_id: int, but: bytes | None = None) -> int:
    """End all sessions of an account (except that of the hash `but`); return how many."""
    query = update(AccountSession).where(
        AccountSession.account_id == account_id, AccountSession.revoked_at.is_(None)
    )
    if but is not None:
        query = query.where(AccountSession.token_hash != but)
    ended = session.execute(
        query.values(revoked_at=func.now()).returning(AccountSession.account_id)
    )
    return len(ended.all())


def add_link(session: Session, *, account_id: int, token_hash: bytes, beside: bool = False) -> None:
    """Add a link to choose a password and log in; earlier ones end, unless it stands `beside` them.

    The first that is put to use ends all.
    """
    if not beside:
        drop_links(session, account_id=account_id)
    session.execute(
        insert(AccountToken).values(
            token_hash=token_hash,
            account_id=account_id,
            purpose=LINK_PURPOSE,
            expires_at=func.now() + LINK,
        )
    )


def find_link(session: Session, *, token_hash: bytes) -> AccountRow | None:
    """Return whose link it is where it can still be put to use; it stays usable."""
    account_id = session.scalar(
        select(AccountToken.account_id)
        .join(Account, Account.id == AccountToken.account_id)
        .where(
            AccountToken.token_hash == token_hash,
            AccountToken.purpose == LINK_PURPOSE,
            AccountToken.used_at.is_(None),
            AccountToken.expires_at > func.now(),
            Account.active,
        )
    )
    return None if account_id is None else get_account(session, account_id=account_id)


def use_link(session: Session, *, token_hash: bytes) -> AccountRow | None:
    """Use a link up, and return whose it is; None for the second of two who use it at once."""
    account_id = session.scalar(
        update(AccountToken)
        .where(
            AccountToken.token_hash == token_hash,
            AccountToken.purpose == LINK_PURPOSE,
            AccountToken.used_at.is_(None),
            AccountToken.expires_at > func.now(),
            select(Account.active).where(Account.id == AccountToken.account_id).scalar_subquery(),
        )
        .values(used_at=func.now())
        .returning(AccountToken.account_id)
    )
    if account_id is None:
        return None
    drop_links(session, account_id=account_id)
    return get_account(session, account_id=account_id)


def drop_links(session: Session, *, account_id: int) -> None:
    """Make the unused links of an account useless."""
    session.execute(
        delete(AccountToken).where(
            AccountToken.account_id == account_id, AccountToken.used_at.is_(None)
        )
    )
