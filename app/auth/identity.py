"""Who asks: read afresh from the database for every request."""

from dataclasses import dataclass

from flask import g

from db.permissions import Permission, allows


@dataclass(frozen=True)
class Identity:
    """The account behind a request, and the hash of the session it came with.

    `store` names the store that knows the account (db.queries.store.store_key).
    """

    account_id: int
    name: str
    email: str
    role: str
    session_hash: bytes
    store: str = ""

    def may(self, permission: Permission) -> bool:
        """Return whether the account's role has `permission`."""
        return allows(self.role, permission)


class NotAllowed(PermissionError):  # noqa: N818 - the name that callers read
    """The account's role does not allow this."""


def find_identity() -> Identity | None:
    """Return the identity of the request, None where nobody is logged in."""
    return g.get("identity")


def current_identity() -> Identity:
    """Return the identity of the request; NotAllowed where nobody is logged in."""
    identity = find_identity()
    if identity is None:
        raise NotAllowed("Log in first.")
    return identity


def require(permission: Permission) -> Identity:
    """Return the identity of the request where its role has `permission`, else NotAllowed."""
    identity = current_identity()
    if not identity.may(permission):
        raise NotAllowed(f"Your role, {identity.role}, does not allow this.")
    return identity
