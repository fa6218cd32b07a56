"""The database's clock, which everything carries that one transaction writes."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def moment(session: Session) -> datetime:
    """Return when the session's transaction began, as the database's now() says in it."""
    return session.scalars(select(func.now())).one()
