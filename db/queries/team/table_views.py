"""Saved views of the table of runs: the team's filters, orders and columns, each under a name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.errors import Conflict, NotFound
from db.models import Account, TableView
from db.permissions import Permission
from db.queries.team.rights import require_permission
from db.queries.team.saved_views import checked_name

MAX_VIEWS = 200
MAX_QUERY = 4_000


@dataclass(frozen=True)
class TableViewRow:
    """One view; `query` is that of the table's address, `account_name` who saved it."""

    id: int
    name: str
    query: str
    account_id: int | None
    account_name: str
    created_at: datetime


def list_table_views(session: Session) -> list[TableViewRow]:
    """Return the views of the team, by name."""
    columns = (getattr(TableView, name) for name in TableViewRow.__dataclass_fields__)
    rows = session.execute(select(*columns).order_by(func.lower(TableView.name), TableView.id))
    return [TableViewRow(**row._mapping) for row in rows]


def save_table_view(session: Session, *, by: int, name: str, query: str) -> int:
    """Save a view for the team and return its id; Forbidden, Conflict for a name that is taken."""
    require_permission(session, Permission.SHARE_VIEWS, account_id=by)
    chosen = checked_name(name)
    if len(query) > MAX_QUERY:
        raise Conflict(f"The filter and columns have more than {MAX_QUERY:,} characters.")
    if (session.scalar(select(func.count()).select_from(TableView)) or 0) >= MAX_VIEWS:
        raise Conflict(f"The team has {MAX_VIEWS} views of this table; delete some first.")
    account = select(Account.name).where(Account.id == by).scalar_subquery()
    values = {"name": chosen, "query": query, "account_id": by, "account_name": account}
    try:
        with session.begin_nested():
            return session.scalars(insert(TableView).values(**values).returning(TableView.id)).one()
    except IntegrityError as error:
        raise Conflict(f"There is a view “{chosen}” already: choose another name.") from error


def delete_table_view(session: Session, *, by: int, view_id: int, any_owner: bool) -> None:
    """Delete a view of one's own, with `any_owner` anybody's; NotFound, Forbidden."""
    permission = Permission.MANAGE_RUNS if any_owner else Permission.SHARE_VIEWS
    require_permission(session, permission, account_id=by)
    query = delete(TableView).where(TableView.id == view_id)
    if not any_owner:
        query = query.where(TableView.account_id == by)
    if session.scalar(query.returning(TableView.id)) is None:
        raise NotFound("view of yours", view_id)
