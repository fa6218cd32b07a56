"""The people of the team as administrators see them, and what is done to their accounts.

Every change says who makes it: the account and its role are checked here, too, and the act is
written to the audit log in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.errors import Conflict, Forbidden
from db.models import Account, AccountSession
from db.permissions import Permission, Role, allows
from db.queries.jobs import resting
from db.queries.team import accounts, api_tokens, audit, sessions
from db.queries.team.accounts import AccountRow


@dataclass(frozen=True)
class Person:
    """One account; `sessions` are those that hold, `last_seen_at` is None for who never came."""

    id: int
    name: str
    email: str
    role: str
    active: bool
    has_password: bool
    created_at: datetime
    last_seen_at: datetime | None
    sessions: int


def list_people(session: Session) -> list[Person]:
    """Return everybody: the active first, then by name."""
    holds = AccountSession.revoked_at.is_(None) & (AccountSession.expires_at > func.now())
    rows = session.execute(
        select(
            Account.id,
            Account.name,
            Account.email,
            Account.role,
            Account.active,
            Account.password_hash.is_not(None).label("has_password"),
            Account.created_at,
            func.max(AccountSession.last_seen_at).label("last_seen_at"),
            func.count(AccountSession.account_id).filter(holds).label("sessions"),
        )
        .join(AccountSession, AccountSession.account_id == Account.id, isouter=True)
        .group_by(Account.id)
        .order_by(Account.active.desc(), func.lower(Account.name), Account.id)
    )
    return [Person(**row._mapping) for row in rows]


def invite(
    session: Session, *, by: int, email: str, role: Role | str, name: str, token_hash: bytes
) -> AccountRow:
    """Add an account and its one-time link; Conflict where the address has an account."""
    _check(session, by)
    account = accounts.add_account(session, email=email, role=role, name=name)
    sessions.add_link(session, account_id=account.id, token_hash=token_hash)
    _note(session, by, "invited", account, f"as {account.role}")
    return account


def renew_link(session: Session, *, by: int, account_id: int, token_hash: bytes) -> AccountRow:
    """Give an account a new one-time link; earlier ones end. Conflict for a deactivated one."""
    _check(session, by)
    account = accounts.get_account(session, account_id=account_id)
    if not account.active:
        raise Conflict(f"{account.email} is deactivated; activate the account first.")
    sessions.add_link(session, account_id=account_id, token_hash=token_hash)
    _note(session, by, "made a link for", account)
    return account


def change_role(session: Session, *, by: int, account_id: int, role: Role | str) -> AccountRow:
    """Give an account another role; Conflict for the last active administrator."""
    _check(session, by)
    before = accounts.get_account(session, account_id=account_id)
    accounts.set_role(session, account_id=account_id, role=role)
    _note(session, by, "changed the role of", before, f"{before.role} → {Role(role).value}")
    if not allows(Role(role), Permission.SCHEDULE_JOBS):
        resting.rest(session, account_id=account_id, name=before.email, by=by)
    return accounts.get_account(session, account_id=account_id)


def deactivate(session: Session, *, by: int, account_id: int) -> str:
    """Lock an account out at once: sessions, links and tokens end, what it loads by itself rests.

    Return what rests now, "" for nothing. Conflict for one's own account and for the last active
    administrator.
    """
    _check(session, by)
    if by == account_id:
        raise Conflict("You cannot deactivate your own account; another administrator can.")
    account = accounts.get_account(session, account_id=account_id)
    accounts.set_active(session, account_id=account_id, active=False)
    sessions.revoke_sessions(session, account_id=account_id)
    sessions.drop_links(session, account_id=account_id)
    api_tokens.revoke_tokens(session, account_id=account_id)
    _note(session, by, "deactivated", account)
    return resting.rest(session, account_id=account_id, name=account.email, by=by)


def activate(session: Session, *, by: int, account_id: int) -> AccountRow:
    """Let a deactivated account in again."""
    _check(session, by)
    accounts.set_active(session, account_id=account_id, active=True)
    account = accounts.get_account(session, account_id=account_id)
    _note(session, by, "activated", account)
    return account


def end_sessions(session: Session, *, by: int, account_id: int) -> tuple[AccountRow, int]:
    """End all sessions and tokens of an account; return it and how many ended."""
    _check(session, by)
    account = accounts.get_account(session, account_id=account_id)
    ended = sessions.revoke_sessions(session, account_id=account_id)
    ended += api_tokens.revoke_tokens(session, account_id=account_id)
    _note(session, by, "ended the sessions of", account, f"{ended} sessions and tokens")
    return account, ended


def _check(session: Session, by: int) -> None:
    account = accounts.get_account(session, account_id=by)
    if not account.active or not allows(account.role, Permission.MANAGE_PEOPLE):
        raise Forbidden("Only administrators may change accounts.")


def _note(session: Session, by: int, action: str, account: AccountRow, detail: str = "") -> None:
    audit.record(session, actor_id=by, action=action, target=account.email, detail=detail)
