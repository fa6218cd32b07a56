"""Accounts: who may log in, with which role."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.errors import Conflict, NotFound
from db.models import Account
from db.permissions import Role

MAX_EMAIL = 254
MAX_NAME = 100


@dataclass(frozen=True)
class AccountRow:
    """One account; `has_password` is False until the person has chosen one."""

    id: int
    name: str
    email: str
    role: str
    active: bool
    has_password: bool
    created_at: datetime


def _rows() -> Select[int, str, str, str, bool, bool, datetime]:
    return select(
        Account.id,
        Account.name,
        Account.email,
        Account.role,
        Account.active,
        Account.password_hash.is_not(None).label("has_password"),
        Account.created_at,
    )


def normal_email(text: str) -> str:
    """Return an address without surrounding space; Conflict where it cannot be one."""
    email = text.strip()
    name, _, host = email.rpartition("@")
    if not name or not host or len(email) > MAX_EMAIL or not email.isprintable() or " " in email:
        raise Conflict(f"{email[:80]!r} is not a valid e-mail address such as you@example.org.")
    return email


def add_account(session: Session, *, email: str, role: Role | str, name: str = "") -> AccountRow:
    """Add an account without a password; Conflict where the address has one already."""
    email = normal_email(email)
    shown = name.strip() or email.partition("@")[0]
    if len(shown) > MAX_NAME or not shown.isprintable():
        raise Conflict(f"A name has at most {MAX_NAME} printable characters.")
    try:
        with session.begin_nested():
            account_id = session.scalars(
                insert(Account)
                .values(email=email, name=shown, role=Role(role).value)
                .returning(Account.id)
            ).one()
    except IntegrityError as error:
        raise Conflict(f"There is already an account for {email}.") from error
    return get_account(session, account_id=account_id)


def get_account(session: Session, *, account_id: int) -> AccountRow:
    """Return one account; NotFound."""
    row = session.execute(_rows().where(Account.id == account_id)).one_or_none()
    if row is None:
        raise NotFound("account", account_id)
    return AccountRow(**row._mapping)


def find_by_email(session: Session, *, email: str) -> AccountRow:
    """Return the account of an address, in capitals or not; NotFound."""
    wanted = func.lower(email.strip())
    row = session.execute(_rows().where(func.lower(Account.email) == wanted)).one_or_none()
    if row is None:
        raise NotFound("account for", email.strip())
    return AccountRow(**row._mapping)


def list_accounts(session: Session) -> list[AccountRow]:
    """Return all accounts by address."""
    return [AccountRow(**row._mapping) for row in session.execute(_rows().order_by(Account.email))]


def password_hash(session: Session, *, email: str) -> tuple[int, str] | None:
    """Return the id and the password hash of an account that can log in, else None."""
    row = session.execute(
        select(Account.id, Account.password_hash).where(
            func.lower(Account.email) == func.lower(email.strip()),
            Account.active,
            Account.password_hash.is_not(None),
        )
    ).one_or_none()
    return None if row is None else (row.id, row.password_hash)


def hold_password(session: Session, *, account_id: int, password_hash: str) -> bool:
    """Return whether an account can log in and its password's hash is this one.

    So it stays until the transaction ends: whoever has read the hash before, and checked a password
    against it, asks here before anything follows from that.
    """
    held = session.scalar(
        select(Account.id)
        .where(Account.id == account_id, Account.active, Account.password_hash == password_hash)
        .with_for_update(key_share=True)
    )
    return held is not None


def set_password_hash(session: Session, *, account_id: int, password_hash: str) -> None:
    """Store the hash of a password; NotFound."""
    _change(session, account_id, password_hash=password_hash)


def set_active(session: Session, *, account_id: int, active: bool) -> None:
    """Let an account log in, or no longer; NotFound. Conflict for the last working admin."""
    if not active:
        _keep_an_admin(session, account_id)
    _change(session, account_id, active=active)


def set_role(session: Session, *, account_id: int, role: Role | str) -> None:
    """Give an account another role; NotFound. Conflict for the last working admin."""
    if Role(role) is not Role.ADMIN:
        _keep_an_admin(session, account_id)
    _change(session, account_id, role=Role(role).value)


def anybody_can_log_in(session: Session, *, role: Role | None = None) -> bool:
    """Return whether an active account has a password (an account of `role`, where given)."""
    query = select(Account.id).where(Account.active, Account.password_hash.is_not(None))
    if role is not None:
        query = query.where(Account.role == role.value)
    return bool(session.scalar(select(exists(query))))


def _keep_an_admin(session: Session, account_id: int) -> None:
    # Two admins who lock each other out at once: the second one waits here, and is refused.
    admins = session.execute(
        select(Account.id)
        .where(Account.active, Account.role == Role.ADMIN.value)
        .order_by(Account.id)
        .with_for_update()
    ).scalars()
    if set(admins) == {account_id}:
        raise Conflict("This is the only active administrator; add another one first.")


def _change(session: Session, account_id: int, **values: Any) -> None:
    found = session.execute(
        update(Account).where(Account.id == account_id).values(**values).returning(Account.id)
    )
    if found.one_or_none() is None:
        raise NotFound("account", account_id)
