"""People as an OpenID Connect provider knows them, and their accounts here."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.errors import Conflict, Forbidden, NotFound
from db.models import AccountIdentity
from db.permissions import Role
from db.queries.team import accounts, audit
from db.queries.team.accounts import AccountRow

MAX_SUBJECT = 255


class NotInvited(Forbidden):
    """The provider knows this person, but there is no account for her here."""


@dataclass(frozen=True)
class Claims:
    """What a provider says about a person; `verified`: the address is hers (None: not said)."""

    issuer: str
    subject: str
    email: str
    verified: bool | None
    name: str


def account_of(session: Session, *, claims: Claims, role: Role | None) -> AccountRow:
    """Return the account of a person, linked to it at her first login; NotInvited.

    First by the provider's lasting subject, then by an address that the provider has verified; a
    new account is made only where `role` says in which role.
    """
    account_id = session.scalar(
        select(AccountIdentity.account_id).where(
            AccountIdentity.issuer == claims.issuer, AccountIdentity.subject == claims.subject
        )
    )
    if account_id is not None:
        return _active(accounts.get_account(session, account_id=account_id))
    if len(claims.subject) > MAX_SUBJECT or not claims.subject.isprintable():
        raise NotInvited("The login provider gave no usable name for you.")
    _check_address(claims)
    account = _active(_by_email(session, claims, role))
    session.execute(
        upsert(AccountIdentity)
        .values(issuer=claims.issuer, subject=claims.subject, account_id=account.id)
        .on_conflict_do_nothing()
    )
    audit.record(
        session,
        actor_id=account.id,
        action="linked the provider's login to",
        target=account.email,
        detail=claims.issuer,
    )
    return account


def _check_address(claims: Claims) -> None:
    if not claims.email or not claims.email.isprintable():
        raise NotInvited("The login provider does not say your e-mail address.")
    if claims.verified is None:
        raise NotInvited(
            "The login provider does not say whether it has verified your e-mail address "
            "(email_verified). Where nobody can choose somebody else's address there, an "
            "administrator may set DEEPTRACKER_OIDC_TRUST_EMAIL=true."
        )
    if not claims.verified:
        raise NotInvited("The login provider has not verified your e-mail address.")


def _by_email(session: Session, claims: Claims, role: Role | None) -> AccountRow:
    try:
        return accounts.find_by_email(session, email=claims.email)
    except NotFound as error:
        if role is None:
            raise NotInvited(
                f"There is no account for {claims.email}. Ask an administrator to invite you."
            ) from error
    name = claims.name if claims.name.isprintable() else ""
    try:
        return accounts.add_account(
            session, email=claims.email, role=role, name=name[: accounts.MAX_NAME]
        )
    except Conflict as error:
        raise NotInvited(str(error)) from error


def _active(account: AccountRow) -> AccountRow:
    if not account.active:
        raise NotInvited(f"The account {account.email} is deactivated.")
    return account
