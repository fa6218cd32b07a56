"""Looks at a place before it is loaded: asked by a person, answered by a worker, kept for a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from db import queue
from db.errors import Conflict, NotFound
from db.models import IngestLook
from db.queries.jobs.job_requests import checked_location
from db.queries.jobs.job_rights import require_owner, require_scheduler

_KEPT = timedelta(days=1)
# Whoever asks for more at a time waits for the first of them.
MOST_OPEN = 20


@dataclass(frozen=True)
class LookRow:
    """One look; `answer` and `error` are None while no worker has answered."""

    id: int
    location: str
    answer: dict[str, Any] | None
    error: str | None
    created_at: datetime

    @property
    def over(self) -> bool:
        """Return whether a worker has answered."""
        return self.answer is not None or self.error is not None


def ask(session: Session, *, location: str, by: int) -> int:
    """Ask what could be loaded from a location; return the look's id. Forbidden, Conflict."""
    require_scheduler(session, by=by)
    session.execute(delete(IngestLook).where(IngestLook.created_at < func.now() - _KEPT))
    place = checked_location(location)
    open_ones = select(func.count()).where(
        IngestLook.requested_by == by, IngestLook.answered_at.is_(None)
    )
    if session.scalars(open_ones).one() >= MOST_OPEN:
        raise Conflict("Many of your questions wait for a worker already; is one running?")
    look_id = session.scalars(
        insert(IngestLook).values(location=place, requested_by=by).returning(IngestLook.id)
    ).one()
    queue.defer(session, task=queue.LOOK, arguments={"look_id": look_id})
    return look_id


def location_of(session: Session, *, look_id: int) -> str | None:
    """Return what a worker is asked to look at, None where it was answered, or is forgotten."""
    return session.scalars(
        select(IngestLook.location).where(
            IngestLook.id == look_id, IngestLook.answered_at.is_(None)
        )
    ).one_or_none()


def answer(
    session: Session, *, look_id: int, found: Mapping[str, Any] | None, error: str | None = None
) -> None:
    """Store what a worker found, or why it found nothing (safe to show)."""
    values: dict[str, Any] = {"answered_at": func.now(), "error": error}
    if found is not None:
        values["answer"] = dict(found)
    session.execute(update(IngestLook).where(IngestLook.id == look_id).values(**values))


def get_look(session: Session, *, look_id: int, by: int) -> LookRow:
    """Return a look of the account's own; NotFound, Forbidden."""
    look = session.get(IngestLook, look_id)
    if look is None:
        raise NotFound("look", look_id)
    require_owner(session, by=by, owner_id=look.requested_by, what=f"Look {look_id}")
    return LookRow(look.id, look.location, look.answer, look.error, look.created_at)
