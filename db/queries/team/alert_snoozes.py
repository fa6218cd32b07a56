"""Snoozes: of a run until a time, of an event for good; what is snoozed is not sent."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.errors import Conflict, NotFound
from db.models import Alert, RunSnooze
from db.permissions import Permission
from db.queries.runs import runs
from db.queries.team import audit
from db.queries.team.rights import require_permission

MOST_HOURS = 30 * 24


def run_of(session: Session, *, alert_id: int) -> int:
    """Return the run that an alert is about; NotFound."""
    run_id = session.scalar(select(Alert.run_id).where(Alert.id == alert_id))
    if run_id is None:
        raise NotFound("alert", alert_id)
    return run_id


def snooze_run(
    session: Session, *, run_id: int, hours: int, account_id: int, account_name: str
) -> None:
    """Send no alerts of a run for so many hours; what is found meanwhile is sent after them.

    Forbidden, NotFound, Conflict for other than 1 to MOST_HOURS hours.
    """
    require_permission(session, Permission.MUTE_FINDINGS, account_id=account_id)
    if not 1 <= hours <= MOST_HOURS:
        raise Conflict(f"Choose from 1 to {MOST_HOURS} hours.")
    run = runs.get_run(session, run_id=run_id)
    until = func.now() + func.make_interval(0, 0, 0, 0, hours)
    values = {"until": until, "account_name": account_name}
    session.execute(
        upsert(RunSnooze)
        .values(run_id=run_id, **values)
        .on_conflict_do_update(index_elements=["run_id"], set_=values)
    )
    audit.record(
        session,
        actor_id=account_id,
        action="snoozed the alerts of",
        target=f"run {run_id} {run.name}",
        detail=f"for {hours} hours",
    )


def wake_run(session: Session, *, run_id: int, account_id: int) -> None:
    """Send the alerts of a run again; nothing happens where they were not snoozed. Forbidden."""
    require_permission(session, Permission.MUTE_FINDINGS, account_id=account_id)
    gone = session.scalar(
        delete(RunSnooze).where(RunSnooze.run_id == run_id).returning(RunSnooze.run_id)
    )
    if gone is not None:
        audit.record(
            session,
            actor_id=account_id,
            action="ended the snooze of",
            target=f"run {run_id}",
        )


def snooze_event(
    session: Session, *, alert_id: int, snooze: bool, account_id: int, account_name: str
) -> None:
    """Send nothing more of an event, also where it worsens, or do so again. Forbidden, NotFound."""
    require_permission(session, Permission.MUTE_FINDINGS, account_id=account_id)
    found = session.execute(
        select(Alert.run_id, Alert.iteration).where(Alert.id == alert_id)
    ).one_or_none()
    if found is None:
        raise NotFound("alert", alert_id)
    session.execute(
        update(Alert)
        .where(Alert.id == alert_id)
        .values(snoozed_by=account_name if snooze else None)
    )
    audit.record(
        session,
        actor_id=account_id,
        action="snoozed an event of" if snooze else "ended the snooze of",
        target=f"run {found.run_id}",
        detail=f"at iteration {found.iteration}",
    )
