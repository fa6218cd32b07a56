"""What somebody else did to a schedule: changed it while it was being edited, or paused it."""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.errors import Conflict
from db.models import Account, IngestSchedule

FIELDS = ("location", "mode", "cron", "time_zone")


class ScheduleChanged(Conflict):
    """Somebody else has changed the schedule meanwhile; nothing was written. `now`: its FIELDS."""

    def __init__(self, now: dict[str, str]) -> None:
        super().__init__(
            "Somebody else has changed this schedule in the meantime; it is now: "
            f"{now['location']}, {now['mode']}, {now['cron']}, {now['time_zone']}."
        )
        self.now = now


def refuse_unread(schedule: IngestSchedule, seen: Mapping[str, str] | None) -> None:
    """Raise ScheduleChanged where the schedule is not as it was `seen`; None sees nothing."""
    now = {name: getattr(schedule, name) for name in FIELDS}
    if seen is not None and any(seen.get(name) != value for name, value in now.items()):
        raise ScheduleChanged(now)


def paused_by(session: Session, *, by: int | None, owner_id: int | None) -> str | None:
    """Return who paused a schedule, for its owner to read; None where it was the owner."""
    if by == owner_id:
        return None
    name = session.scalar(select(Account.name).where(Account.id == by))
    return f"Paused by {name}." if name else None


def number_paused(session: Session, *, owner_id: int) -> int:
    """Return how many schedules of an account somebody or something else has paused."""
    return session.scalars(
        select(func.count())
        .select_from(IngestSchedule)
        .where(
            IngestSchedule.owner_id == owner_id,
            IngestSchedule.next_due.is_(None),
            IngestSchedule.paused_because.is_not(None),
        )
    ).one()
