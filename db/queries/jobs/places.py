"""Folders that workers see under their roots: told by each, offered while somebody types."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case, delete, func, insert, select
from sqlalchemy.orm import Session

from db.models import IngestPlace, IngestWorker
from db.queries.jobs.job_requests import MAX_LOCATION
from db.queries.jobs.workers import alive


@dataclass(frozen=True)
class PlaceRow:
    """A folder that a worker which is alive can read; `is_run`: it is the folder of a run."""

    location: str
    is_run: bool


def publish(session: Session, *, worker_id: int, places: Mapping[str, bool]) -> None:
    """Store what a worker sees (location: whether it is a run's) in place of what it saw before."""
    mine = IngestPlace.worker_id == worker_id
    rows = session.execute(select(IngestPlace.location, IngestPlace.is_run).where(mine))
    before = {location: is_run for location, is_run in rows}
    gone = [place for place, is_run in before.items() if places.get(place) is not is_run]
    if gone:
        session.execute(delete(IngestPlace).where(mine, IngestPlace.location.in_(gone)))
    new = [
        {"worker_id": worker_id, "location": place, "is_run": is_run}
        for place, is_run in places.items()
        if before.get(place) is not is_run
    ]
    if new:
        session.execute(insert(IngestPlace), new)


def find(session: Session, *, typed: str, runs: bool, limit: int = 20) -> list[PlaceRow]:
    """Return folders whose path holds what somebody has typed so far, those that begin so first.

    With `runs` those of runs too, and before others; else only folders that may hold some. What is
    typed in full is not offered again. Nothing for what can be in no path.
    """
    if len(typed) > MAX_LOCATION or not (typed.isprintable() or not typed):
        return []
    is_run = func.bool_or(IngestPlace.is_run)
    query = (
        select(IngestPlace.location, is_run)
        .join(IngestWorker, IngestWorker.id == IngestPlace.worker_id)
        .where(alive(), IngestPlace.location != typed)
        .group_by(IngestPlace.location)
    )
    if typed:
        query = query.where(IngestPlace.location.icontains(typed, autoescape=True))
    if not runs:
        query = query.having(is_run.is_(False))
    begins = case((IngestPlace.location.startswith(typed, autoescape=True), 0), else_=1)
    order = (begins, is_run.desc(), IngestPlace.location)
    rows = session.execute(query.order_by(*order).limit(limit))
    return [PlaceRow(location, run) for location, run in rows]
