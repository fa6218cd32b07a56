"""Saved views: kept for links that would be too long, and saved under names by people."""

import hashlib
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.errors import Conflict, NotFound, StoreError
from db.models import Account, Run, SavedView
from db.permissions import Permission
from db.queries.runs.run_names import RUN_NAME
from db.queries.team.rights import require_permission

MAX_NAME = 120
MAX_QUERY = 20_000
# Named views of one account; no list is worth reading beyond that.
MAX_NAMED = 500
MAX_LISTED = 1_000
# Unnamed ones of an account: how many are kept, how long without use, how many a minute.
MAX_UNNAMED = 2_000
UNUSED = timedelta(days=180)
MINUTE = timedelta(minutes=1)
MAX_A_MINUTE = 60
_LETTERS = string.ascii_letters + string.digits
_ID_LENGTH = 12


class TooMany(StoreError):  # noqa: N818 - what it is
    """Somebody keeps more views, or keeps them faster, than anybody needs."""


@dataclass(frozen=True)
class SavedViewRow:
    """One saved view; `page` is the name of the view it opens, `name` None where it has none."""

    id: str
    account_id: int
    owner: str
    run_id: int
    run_name: str
    page: str
    query: str
    name: str | None
    shared: bool
    created_at: datetime
    used_at: datetime


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            SavedView.id,
            SavedView.account_id,
            Account.name.label("owner"),
            SavedView.run_id,
            RUN_NAME.label("run_name"),
            SavedView.page,
            SavedView.query,
            SavedView.name,
            SavedView.shared,
            SavedView.created_at,
            SavedView.used_at,
        )
        .join(Account, Account.id == SavedView.account_id)
        .join(Run, Run.id == SavedView.run_id)
    )


def keep_view(session: Session, *, account_id: int, run_id: int, page: str, query: str) -> str:
    """Keep a selection for a link, and return its id: one id for one selection.

    Those of the account that nobody used for UNUSED, or beyond MAX_UNNAMED, are forgotten. Raises
    TooMany beyond MAX_A_MINUTE new ones, Conflict for a query that is too long, NotFound for a
    run that does not exist.
    """
    values = _values(account_id=account_id, run_id=run_id, page=page, query=query)
    known = session.scalar(
        update(SavedView)
        .where(
            SavedView.account_id == account_id,
            SavedView.run_id == run_id,
            SavedView.digest == values["digest"],
            SavedView.name.is_(None),
        )
        .values(used_at=func.now())
        .returning(SavedView.id)
    )
    if known is not None:
        return known
    _check_rate(session, account_id)
    _prune(session, account_id)
    statement = upsert(SavedView).values(**values)
    try:
        with session.begin_nested():
            return session.scalars(
                # Two tabs may keep the same selection at once.
                statement.on_conflict_do_update(
                    index_elements=["account_id", "run_id", "digest"],
                    index_where=SavedView.name.is_(None),
                    set_={"used_at": func.now()},
                ).returning(SavedView.id)
            ).one()
    except IntegrityError as error:
        raise NotFound("run", run_id) from error


def save_view(
    session: Session,
    *,
    account_id: int,
    run_id: int,
    page: str,
    query: str,
    name: str,
    shared: bool,
) -> str:
    """Save a selection under a name, and return its id.

    Raises Conflict for a name that cannot be or a query that is too long, TooMany beyond MAX_NAMED,
    NotFound for a run that does not exist, Forbidden where the account may not share.
    """
    if shared:
        require_permission(session, Permission.SHARE_VIEWS, account_id=account_id)
    values = _values(account_id=account_id, run_id=run_id, page=page, query=query)
    chosen = checked_name(name)
    count = session.scalar(
        select(func.count()).where(SavedView.account_id == account_id, SavedView.name.is_not(None))
    )
    if (count or 0) >= MAX_NAMED:
        raise TooMany(f"You have {MAX_NAMED} saved views; delete some on the page Saved views.")
    try:
        with session.begin_nested():
            return session.scalars(
                insert(SavedView)
                .values(**values, name=chosen, shared=shared)
                .returning(SavedView.id)
            ).one()
    except IntegrityError as error:
        raise NotFound("run", run_id) from error


def find_saved(
    session: Session, *, account_id: int, run_id: int, query: str, page: str, name: str,
    since: timedelta,
) -> str | None:  # fmt: skip
    """Return the id of the view that the same request saved `since` ago or later, if any."""
    values = _values(account_id=account_id, run_id=run_id, page=page, query=query)
    return session.scalar(
        select(SavedView.id)
        .where(
            SavedView.account_id == account_id,
            SavedView.run_id == run_id,
            SavedView.digest == values["digest"],
            SavedView.name == checked_name(name),
            SavedView.created_at > func.now() - since - MINUTE,
        )
        .limit(1)
    )


def find_view(session: Session, *, view_id: str, account_id: int) -> SavedViewRow:
    """Return a view that the account may open, and note that it is in use.

    A named view that is not shared opens for its owner only: NotFound for others, as for an id
    that is not there.
    """
    row = session.execute(
        _rows().where(
            SavedView.id == view_id,
            or_(
                SavedView.name.is_(None),
                SavedView.shared,
                SavedView.account_id == account_id,
            ),
        )
    ).one_or_none()
    if row is None:
        raise NotFound("saved view", view_id[:40])
    session.execute(
        # Noted once a day: a write for every opening would be dear.
        update(SavedView)
        .where(SavedView.id == view_id, SavedView.used_at < func.now() - timedelta(days=1))
        .values(used_at=func.now())
    )
    return SavedViewRow(**row._mapping)


def list_views(session: Session, *, account_id: int, any_owner: bool = False) -> list[SavedViewRow]:
    """Return the named views of an account and those shared with it, the newest first.

    At most MAX_LISTED; with `any_owner` also what others keep to themselves.
    """
    query = _rows().where(SavedView.name.is_not(None))
    if not any_owner:
        query = query.where(or_(SavedView.account_id == account_id, SavedView.shared))
    rows = session.execute(
        query.order_by(SavedView.created_at.desc(), SavedView.id).limit(MAX_LISTED)
    )
    return [SavedViewRow(**row._mapping) for row in rows]


def rename_view(session: Session, *, view_id: str, account_id: int, name: str) -> None:
    """Give a view of one's own another name; NotFound where it is not one's own."""
    _change(session, view_id, account_id, name=checked_name(name))


def share_view(session: Session, *, view_id: str, account_id: int, shared: bool) -> None:
    """Share a named view of one's own with the team, or take it back. NotFound, Forbidden."""
    if shared:
        require_permission(session, Permission.SHARE_VIEWS, account_id=account_id)
    _change(session, view_id, account_id, shared=shared)


def delete_view(session: Session, *, view_id: str, account_id: int, any_owner: bool) -> None:
    """Delete a named view of one's own, with `any_owner` anybody's; NotFound, Forbidden."""
    query = delete(SavedView).where(SavedView.id == view_id, SavedView.name.is_not(None))
    if any_owner:
        require_permission(session, Permission.MANAGE_RUNS, account_id=account_id)
    else:
        query = query.where(SavedView.account_id == account_id)
    if session.scalar(query.returning(SavedView.id)) is None:
        raise NotFound("saved view", view_id[:40])


def checked_name(name: str) -> str:
    """Return a name without surrounding space; Conflict where it cannot be one."""
    chosen = " ".join(name.split())
    if not chosen or len(chosen) > MAX_NAME or not chosen.isprintable():
        raise Conflict(f"Enter a view name of 1 to {MAX_NAME} printable characters.")
    return chosen


def _change(session: Session, view_id: str, account_id: int, **values: object) -> None:
    changed = session.scalar(
        update(SavedView)
        .where(
            SavedView.id == view_id,
            SavedView.account_id == account_id,
            SavedView.name.is_not(None),
        )
        .values(**values)
        .returning(SavedView.id)
    )
    if changed is None:
        raise NotFound("saved view of yours", view_id[:40])


def _values(*, account_id: int, run_id: int, page: str, query: str) -> dict[str, Any]:
    if len(query) > MAX_QUERY:
        raise Conflict(
            f"The selection is too large: its link would have {len(query):,} characters, more than "
            f"{MAX_QUERY:,}. Remove some pins, classes or filters."
        )
    return {
        "id": "".join(secrets.choice(_LETTERS) for _ in range(_ID_LENGTH)),
        "account_id": account_id,
        "run_id": run_id,
        "page": page,
        "query": query,
        "digest": hashlib.sha256(f"{page}?{query}".encode()).digest(),
    }


def _check_rate(session: Session, account_id: int) -> None:
    recent = session.scalar(
        select(func.count()).where(
            SavedView.account_id == account_id,
            SavedView.name.is_(None),
            SavedView.created_at > func.now() - MINUTE,
        )
    )
    if (recent or 0) >= MAX_A_MINUTE:
        raise TooMany("Too many links were created within a minute; try again in a moment.")


def _prune(session: Session, account_id: int) -> None:
    """Forget unnamed views that are out of use, and this account's beyond the limit."""
    unnamed = SavedView.name.is_(None)
    session.execute(delete(SavedView).where(unnamed, SavedView.used_at < func.now() - UNUSED))
    beyond = (
        select(SavedView.id)
        .where(unnamed, SavedView.account_id == account_id)
        .order_by(SavedView.used_at.desc(), SavedView.id.desc())
        .offset(MAX_UNNAMED - 1)
    )
    session.execute(delete(SavedView).where(SavedView.id.in_(beyond)))
