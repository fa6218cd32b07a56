"""Whether an account may do something, as the database says at the moment it is done."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import Forbidden
from db.models import Account
from db.permissions import Permission, allows


def require_permission(session: Session, permission: Permission, *, account_id: int) -> None:
    """Raise Forbidden where the account is not there, not active, or its role may not do this."""
    query = select(Account.role).where(Account.id == account_id, Account.active)
    role = session.scalar(query)
    if role is None:
        raise Forbidden("This account is deactivated.")
    if not allows(role, permission):
        raise Forbidden(f"Your role, {role}, does not allow this.")
