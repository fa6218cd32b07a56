"""Watched folders: every run directory that appears in one becomes an ingest job, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from db.errors import Conflict, NotFound
from db.models import Account, IngestFind, IngestJob, IngestWatch, Run
from db.queries.jobs import job_requests
from db.queries.jobs.job_rights import require_owner, require_scheduler
from db.queries.jobs.jobs import OPEN_STATES

MAX_WATCHES = 100
# So many at once; what is left comes at the next look.
MAX_FINDS = 100


@dataclass(frozen=True)
class WatchRow:
    """A watched folder: what it has found, and since when nobody looked."""

    id: int
    location: str
    active: bool
    owner_id: int | None
    owner_name: str | None
    looked_at: datetime | None
    problem: str | None
    found: int
    last_found_at: datetime | None


@dataclass(frozen=True)
class Found:
    """A run directory as a worker sees it.

    `changed_at` is when its log last grew; `mode` how it should be loaded.
    """

    location: str
    mode: str
    changed_at: datetime


def list_watches(session: Session) -> list[WatchRow]:
    """Return all watched folders by location."""
    found = (
        select(
            IngestFind.watch_id,
            func.count().label("found"),
            func.max(IngestFind.found_at).label("last_found_at"),
        )
        .group_by(IngestFind.watch_id)
        .subquery()
    )
    query = (
        select(
            IngestWatch.id,
            IngestWatch.location,
            IngestWatch.active,
            IngestWatch.owner_id,
            Account.name.label("owner_name"),
            IngestWatch.looked_at,
            IngestWatch.problem,
            func.coalesce(found.c.found, 0).label("found"),
            found.c.last_found_at,
        )
        .outerjoin(Account, Account.id == IngestWatch.owner_id)
        .outerjoin(found, found.c.watch_id == IngestWatch.id)
        .order_by(IngestWatch.location)
    )
    return [WatchRow(**row._mapping) for row in session.execute(query)]


def add_watch(session: Session, *, location: str, by: int | None) -> int:
    """Watch a folder from now on and return the watch's id; Conflict where it is watched already.

    Whether the folder may be read is for the workers to say. Forbidden.
    """
    require_scheduler(session, by=by)
    place = job_requests.checked_location(location)
    place = place.rstrip("/") or place
    job_requests.lock_location(session, place)
    if session.scalars(select(IngestWatch.id).where(IngestWatch.location == place)).first():
        raise Conflict(f"{place} is watched already.")
    if session.scalars(select(func.count()).select_from(IngestWatch)).one() >= MAX_WATCHES:
        raise Conflict(f"{MAX_WATCHES} folders are watched already; delete some first.")
    return session.scalars(
        insert(IngestWatch).values(location=place, owner_id=by).returning(IngestWatch.id)
    ).one()


def switch_watch(session: Session, *, watch_id: int, active: bool, by: int | None) -> None:
    """Stop watching a folder, or go on. NotFound, Forbidden."""
    _owned(session, watch_id, by)
    session.execute(
        update(IngestWatch)
        .where(IngestWatch.id == watch_id)
        .values(active=active, looked_at=None, problem=None)
    )


def delete_watch(session: Session, *, watch_id: int, by: int | None) -> None:
    """Forget a watched folder; its jobs and runs stay. NotFound, Forbidden."""
    _owned(session, watch_id, by)
    session.execute(delete(IngestWatch).where(IngestWatch.id == watch_id))


def _owned(session: Session, watch_id: int, by: int | None) -> None:
    query = select(IngestWatch.owner_id).where(IngestWatch.id == watch_id)
    row = session.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise NotFound("watched folder", watch_id)
    require_owner(session, by=by, owner_id=row[0], what="The watched folder")


def due_watches(session: Session, *, seconds: float) -> list[tuple[int, str]]:
    """Return (id, location) of the active watches that nobody has looked into for `seconds`."""
    rows = session.execute(
        select(IngestWatch.id, IngestWatch.location)
        .where(
            IngestWatch.active,
            or_(
                IngestWatch.looked_at.is_(None),
                IngestWatch.looked_at < func.now() - timedelta(seconds=seconds),
            ),
        )
        .order_by(IngestWatch.looked_at.asc().nulls_first(), IngestWatch.id)
    )
    return [(watch_id, location) for watch_id, location in rows]


def note_problem(session: Session, *, watch_id: int, problem: str, seconds: float) -> None:
    """Say why a worker cannot look into a folder, unless another one has for `seconds`."""
    session.execute(
        update(IngestWatch)
        .where(
            IngestWatch.id == watch_id,
            or_(
                IngestWatch.looked_at.is_(None),
                IngestWatch.looked_at < func.now() - timedelta(seconds=seconds),
            ),
        )
        .values(problem=problem)
    )


def take_finds(session: Session, *, watch_id: int, found: Sequence[Found]) -> list[int]:
    """Ask for a job for every new run directory, in this transaction; return the jobs' ids.

    A directory that was found before gets another job only where it has grown since its last job
    ended, and nobody cancelled that. One that is loaded already, or being loaded, is only noted.
    Workers that look at once take turns.
    """
    watch = session.scalars(
        select(IngestWatch).where(IngestWatch.id == watch_id, IngestWatch.active).with_for_update()
    ).one_or_none()
    if watch is None:
        return []
    places = [one.location for one in found]
    known = _known(session, watch_id, places)
    loaded = _loaded(session, places)
    made: list[int] = []
    for one in found:
        if len(made) >= MAX_FINDS:
            break
        if one.location not in known:
            job_id = None
            if one.location not in loaded:
                job_id, new = _request(session, watch, one)
                made += [job_id] if new and job_id is not None else []
            session.execute(
                insert(IngestFind).values(watch_id=watch_id, location=one.location, job_id=job_id)
            )
        elif _has_grown(one, known[one.location]):
            job_id, new = _request(session, watch, one)
            made += [job_id] if new and job_id is not None else []
            session.execute(
                update(IngestFind)
                .where(IngestFind.watch_id == watch_id, IngestFind.location == one.location)
                .values(job_id=job_id)
            )
    watch.looked_at, watch.problem = func.now(), None
    session.flush()
    return made


def _known(
    session: Session, watch_id: int, places: Sequence[str]
) -> dict[str, tuple[str | None, datetime | None]]:
    """Return by location the state and end of the last job of what was found before."""
    query = (
        select(
            IngestFind.location,
            IngestJob.state,
            func.coalesce(IngestJob.finished_at, IngestFind.found_at),
        )
        .outerjoin(IngestJob, IngestJob.id == IngestFind.job_id)
        .where(IngestFind.watch_id == watch_id, IngestFind.location.in_(places))
    )
    return {place: (state, ended) for place, state, ended in session.execute(query)}


def _loaded(session: Session, places: Sequence[str]) -> set[str]:
    """Return those whose run is stored to its end."""
    query = select(Run.location).where(Run.location.in_(places), Run.state != "recording")
    return set(session.scalars(query))


def _has_grown(one: Found, last: tuple[str | None, datetime | None]) -> bool:
    state, ended = last
    over = state not in (*OPEN_STATES, "cancelled")
    return over and ended is not None and one.changed_at > ended


def _request(session: Session, watch: IngestWatch, one: Found) -> tuple[int | None, bool]:
    """Return the job that loads a directory, and whether it is a new one."""
    other = job_requests.open_job(session, location=one.location)
    if other is not None:
        return other, False
    try:
        job_id = job_requests.request(
            session,
            location=one.location,
            mode=one.mode,
            requested_by=watch.owner_id,
            watch_id=watch.id,
        )
    except Conflict:  # a name that no job takes: noted, so that it is not tried for ever
        return None, False
    return job_id, True
