"""The activity log: written in the transaction of the act, read by administrators."""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import func, insert, or_, select
from sqlalchemy.orm import Session

from db.models import Account, AuditEntry

COMMAND_LINE = "command line"
MAX_TEXT = 300
# What entries can be sorted by; the latest first among equals.
ORDERS = MappingProxyType(
    {
        "when": AuditEntry.id,
        "who": func.lower(AuditEntry.actor_name).collate("C"),
        "action": AuditEntry.action,
        "target": func.lower(AuditEntry.target).collate("C"),
    }
)


@dataclass(frozen=True)
class AuditRow:
    """One entry; `actor_name` is the name at that time."""

    id: int
    at: datetime
    actor_id: int | None
    actor_name: str
    action: str
    target: str
    detail: str


def record(
    session: Session, *, actor_id: int | None, action: str, target: str, detail: str = ""
) -> None:
    """Note an act of an account, or of the command line where `actor_id` is None.

    It stands if the transaction does. Texts are cut at MAX_TEXT characters; secrets never belong
    here.
    """
    name = session.scalar(select(Account.name).where(Account.id == actor_id)) if actor_id else None
    session.execute(
        insert(AuditEntry).values(
            actor_id=actor_id if name is not None else None,
            actor_name=name or COMMAND_LINE,
            action=action,
            target=target[:MAX_TEXT],
            detail=detail[:MAX_TEXT],
        )
    )


def list_entries(
    session: Session,
    *,
    search: str = "",
    limit: int = 50,
    offset: int = 0,
    order: str = "when",
    descending: bool = True,
) -> tuple[list[AuditRow], int]:
    """Return entries by one of ORDERS, and how many match; `search` looks in every text."""
    query = select(*(getattr(AuditEntry, name) for name in AuditRow.__dataclass_fields__))
    count = select(func.count()).select_from(AuditEntry)
    for word in search.split()[:8]:
        texts = (
            AuditEntry.actor_name,
            AuditEntry.action,
            AuditEntry.target,
            AuditEntry.detail,
        )
        matches = or_(*(text.icontains(word, autoescape=True) for text in texts))
        query, count = query.where(matches), count.where(matches)
    by = ORDERS[order].desc() if descending else ORDERS[order].asc()
    rows = session.execute(query.order_by(by, AuditEntry.id.desc()).limit(limit).offset(offset))
    return [AuditRow(**row._mapping) for row in rows], session.scalar(count) or 0
