"""Who may ask for ingest jobs, and who may change what somebody else asked for."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import Forbidden
from db.models import Account
from db.permissions import Permission, allows


def require_scheduler(session: Session, *, by: int | None) -> None:
    """Raise Forbidden where the account `by` may not ask for jobs, as the database says now.

    None stands for this machine's own commands, which may.
    """
    if by is not None and not allows(_role(session, by), Permission.SCHEDULE_JOBS):
        raise Forbidden("Only members and administrators may start ingest jobs.")


def require_owner(session: Session, *, by: int | None, owner_id: int | None, what: str) -> None:
    """Raise Forbidden where `by` may change neither its own nor others' jobs; see above."""
    require_scheduler(session, by=by)
    if by is None or by == owner_id:
        return
    if not allows(_role(session, by), Permission.MANAGE_JOBS):
        raise Forbidden(f"{what} belongs to somebody else; its owner or an administrator may.")


def _role(session: Session, account_id: int) -> str:
    query = select(Account.role).where(Account.id == account_id, Account.active)
    return session.scalars(query).one_or_none() or ""
