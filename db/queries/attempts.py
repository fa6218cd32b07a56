"""Attempts to log in, counted so that guessing is slow however many servers there are."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.models import LoginAttempt

WINDOW = timedelta(minutes=15)


def begin_attempt(session: Session, *, limits: Mapping[str, int]) -> list[int] | None:
    """Note an attempt under each key, as failed for now, and return the attempts' ids.

    None where a key has `limits[key]` failures within WINDOW already; nothing is noted then. Two
    attempts under one key wait for each other until this transaction ends, so none slips through:
    end it before the password is looked at.
    """
    for key in sorted(limits):
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    recent = LoginAttempt.at > func.now() - WINDOW
    for key, limit in limits.items():
        last_success = (
            select(func.max(LoginAttempt.at))
            .where(LoginAttempt.key == key, LoginAttempt.succeeded)
            .scalar_subquery()
        )
        failures = session.scalar(
            select(func.count()).where(
                LoginAttempt.key == key,
                recent,
                LoginAttempt.succeeded.is_(False),
                LoginAttempt.at > func.coalesce(last_success, func.now() - WINDOW),
            )
        )
        if (failures or 0) >= limit:
            return None
    session.execute(delete(LoginAttempt).where(LoginAttempt.at < func.now() - 4 * WINDOW))
    return list(
        session.scalars(
            insert(LoginAttempt).returning(LoginAttempt.id),
            [{"key": key, "succeeded": False} for key in limits],
        )
    )


def attempt_succeeded(session: Session, *, attempts: list[int]) -> None:
    """Note that an attempt was good: earlier failures under its keys no longer count."""
    session.execute(
        update(LoginAttempt)
        .where(LoginAttempt.id.in_(attempts))
        .values(succeeded=True, at=func.now())
    )
