"""Schedules of ingest jobs: kept by people, fired by whichever worker comes first, once a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.cron import Cron, read_cron
from db.errors import Conflict, NotFound
from db.models import Account, IngestFiring, IngestJob, IngestSchedule
from db.queries.jobs import job_requests
from db.queries.jobs.job_rights import require_owner, require_scheduler
from db.queries.jobs.schedule_changes import FIELDS, paused_by, refuse_unread

MAX_SCHEDULES = 500
AT_ONCE = 50


@dataclass(frozen=True)
class ScheduleRow:
    """A schedule and what became of its last time; `next_due` is None while it is paused.

    `paused_because` is None where it is not, or where its owner paused it.
    """

    id: int
    location: str
    mode: str
    cron: str
    time_zone: str
    next_due: datetime | None
    paused_because: str | None
    owner_id: int | None
    owner_name: str | None
    last_due: datetime | None
    last_job_id: int | None
    last_job_state: str | None
    last_missed: int | None
    last_note: str | None


def list_schedules(session: Session, *, schedule_id: int | None = None) -> list[ScheduleRow]:
    """Return all schedules, the next to come first, paused ones last; or the one asked for."""
    last = (
        select(IngestFiring)
        .where(IngestFiring.schedule_id == IngestSchedule.id)
        .order_by(IngestFiring.due_at.desc())
        .limit(1)
        .lateral()
    )
    columns = [
        getattr(IngestSchedule, name)
        for name in ("id", *FIELDS, "next_due", "paused_because", "owner_id")
    ]
    query = (
        select(
            *columns,
            Account.name.label("owner_name"),
            last.c.due_at.label("last_due"),
            last.c.job_id.label("last_job_id"),
            IngestJob.state.label("last_job_state"),
            last.c.missed.label("last_missed"),
            last.c.note.label("last_note"),
        )
        .outerjoin(Account, Account.id == IngestSchedule.owner_id)
        .outerjoin(last, last.c.schedule_id == IngestSchedule.id)
        .outerjoin(IngestJob, IngestJob.id == last.c.job_id)
        .order_by(IngestSchedule.next_due.asc().nulls_last(), IngestSchedule.id)
    )
    if schedule_id is not None:
        query = query.where(IngestSchedule.id == schedule_id)
    return [ScheduleRow(**row._mapping) for row in session.execute(query)]


def get_schedule(session: Session, *, schedule_id: int) -> ScheduleRow:
    """Return one schedule; NotFound where there is none."""
    found = list_schedules(session, schedule_id=schedule_id)
    if not found:
        raise NotFound("schedule", schedule_id)
    return found[0]


def add_schedule(
    session: Session, *, location: str, mode: str, cron: str, time_zone: str, by: int | None
) -> int:
    """Keep a new schedule and return its id; Conflict for what makes no sense, Forbidden."""
    require_scheduler(session, by=by)
    if session.scalars(select(func.count()).select_from(IngestSchedule)).one() >= MAX_SCHEDULES:
        raise Conflict(f"There are {MAX_SCHEDULES} schedules already; delete some first.")
    values = _checked(session, location, mode, cron, time_zone)
    return session.scalars(
        insert(IngestSchedule).values(**values, owner_id=by).returning(IngestSchedule.id)
    ).one()


def edit_schedule(
    session: Session,
    *,
    schedule_id: int,
    location: str,
    mode: str,
    cron: str,
    time_zone: str,
    by: int | None,
    seen: Mapping[str, str] | None = None,
) -> None:
    """Change a schedule; its next time is reckoned from now, and it stays paused if it is.

    `seen` has its FIELDS as whoever changes it read them: ScheduleChanged where they are others
    now. NotFound, Conflict, Forbidden.
    """
    schedule = _locked(session, schedule_id, by)
    refuse_unread(schedule, seen)
    values = _checked(session, location, mode, cron, time_zone)
    if schedule.next_due is None:
        values["next_due"] = None
    session.execute(update(IngestSchedule).where(IngestSchedule.id == schedule_id).values(**values))


def pause_schedule(session: Session, *, schedule_id: int, paused: bool, by: int | None) -> None:
    """Pause a schedule, or let it go on from the next time after now. NotFound, Forbidden."""
    schedule = _locked(session, schedule_id, by)
    if paused:
        if schedule.next_due is not None:
            schedule.paused_because = paused_by(session, by=by, owner_id=schedule.owner_id)
        schedule.next_due = None
    else:
        cron = read_cron(schedule.cron, schedule.time_zone)
        schedule.next_due = schedule.next_due or _next(cron, _now(session))
        schedule.paused_because = None
    session.flush()


def delete_schedule(
    session: Session, *, schedule_id: int, by: int | None, seen: Mapping[str, str] | None = None
) -> None:
    """Delete a schedule; the jobs that it made stay. `seen` as above; NotFound, Forbidden."""
    refuse_unread(_locked(session, schedule_id, by), seen)
    session.execute(delete(IngestSchedule).where(IngestSchedule.id == schedule_id))


def run_schedule(session: Session, *, schedule_id: int, by: int | None) -> int:
    """Ask for the schedule's job now, beside its times; return the job's id.

    NotFound, Forbidden; Conflict where its log is being loaded already.
    """
    schedule = _locked(session, schedule_id, by)
    return job_requests.request(
        session,
        location=schedule.location,
        mode=schedule.mode,
        requested_by=schedule.owner_id if by is None else by,
        schedule_id=schedule_id,
    )


def fire_due(session: Session, *, limit: int = AT_ONCE) -> list[int]:
    """Ask for the jobs of the schedules whose time has come, in this transaction; return their ids.

    Any number of workers may call it at once: a schedule's row is taken by one of them, and a time
    that is noted (its key) is never seen to again. After a pause of all workers only the last
    missed time is caught up with. Where the log is being loaded already, the time is noted without
    a job.
    """
    now = _now(session)
    due = session.scalars(
        select(IngestSchedule)
        .where(IngestSchedule.next_due <= now)
        .order_by(IngestSchedule.next_due, IngestSchedule.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    return [job_id for schedule in due if (job_id := _fire(session, schedule, now)) is not None]


def _fire(session: Session, schedule: IngestSchedule, now: datetime) -> int | None:
    first = schedule.next_due
    if first is None:
        return None
    try:
        cron = read_cron(schedule.cron, schedule.time_zone)
    except Conflict as error:  # a time zone that this machine's tables no longer have
        schedule.next_due = None
        schedule.paused_because = f"{error} Edit the schedule, then resume it."
        return None
    time = max(first, cron.latest(now))
    schedule.next_due = _next(cron, now)
    claimed = session.scalars(
        upsert(IngestFiring)
        .values(schedule_id=schedule.id, due_at=time, missed=cron.missed(first, time))
        .on_conflict_do_nothing()
        .returning(IngestFiring.due_at)
    ).one_or_none()
    if claimed is None:
        return None
    values: dict[str, Any]
    try:
        job_id = job_requests.request(
            session,
            location=schedule.location,
            mode=schedule.mode,
            requested_by=schedule.owner_id,
            schedule_id=schedule.id,
        )
        values = {"job_id": job_id}
    except Conflict as error:
        job_id, values = None, {"note": str(error)}
    session.execute(
        update(IngestFiring)
        .where(IngestFiring.schedule_id == schedule.id, IngestFiring.due_at == time)
        .values(**values)
    )
    return job_id


def _locked(session: Session, schedule_id: int, by: int | None) -> IngestSchedule:
    query = select(IngestSchedule).where(IngestSchedule.id == schedule_id).with_for_update()
    schedule = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if schedule is None:
        raise NotFound("schedule", schedule_id)
    require_owner(session, by=by, owner_id=schedule.owner_id, what="The schedule")
    return schedule


def _checked(
    session: Session, location: str, mode: str, cron: str, time_zone: str
) -> dict[str, Any]:
    checked = read_cron(cron, time_zone)
    return {
        "location": job_requests.checked_location(location),
        "mode": job_requests.checked_mode(mode),
        "cron": checked.expression,
        "time_zone": time_zone,
        "next_due": _next(checked, _now(session)),
    }


def _next(cron: Cron, after: datetime) -> datetime | None:
    """Return the next time, None where the expression has no more of them."""
    return next(iter(cron.next_times(after)), None)


def _now(session: Session) -> datetime:
    """Return the database's clock, which all workers share."""
    return session.scalars(select(func.now())).one()
