"""Attempts to log in, counted so that guessing is slow however many servers there are."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from db.models import LoginAttempt

WINDOW = timedelta(minutes=15)
# Longer than a session lasts: whoever works here every day logs in from there once a month.
USUAL = timedelta(days=60)


@dataclass(frozen=True)
class Limits:
    """How many failures within WINDOW each key may have.

    `pair` is the account at an address, and a success there forgives its failures. `wide` are keys
    that more people share (the address, the account from anywhere); no success forgives those, and
    they do not count for a pair that succeeded within USUAL: it is its owner's place.
    """

    pair: tuple[str, int]
    wide: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Noted:
    """An attempt that was noted, as failed for now: its rows under the pair and the wide keys."""

    pair: int
    wide: tuple[int, ...]


def begin_attempt(session: Session, *, limits: Limits) -> Noted | None:
    """Note an attempt under each key, as failed for now; None, and nothing noted, beyond a limit.

    Two attempts under one key wait for each other until this transaction ends, so none slips
    through: end it before the password is looked at.
    """
    keys = [limits.pair[0], *(key for key, _ in limits.wide)]
    for key in sorted(keys):
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    counting = (limits.pair,) if _is_usual(session, limits.pair[0]) else (limits.pair, *limits.wide)
    if any(_failures(session, key) >= most for key, most in counting):
        return None
    _forget_old(session)
    noted = session.scalars(
        insert(LoginAttempt).returning(LoginAttempt.id, sort_by_parameter_order=True),
        [{"key": key, "succeeded": False} for key in keys],
    ).all()
    return Noted(noted[0], tuple(noted[1:]))


def attempt_succeeded(session: Session, *, noted: Noted) -> None:
    """Note that an attempt was good: no failure, and earlier ones of the pair are forgiven."""
    key = select(LoginAttempt.key).where(LoginAttempt.id == noted.pair).scalar_subquery()
    session.execute(
        delete(LoginAttempt).where(
            or_(
                LoginAttempt.id.in_(noted.wide),
                and_(LoginAttempt.key == key, LoginAttempt.id != noted.pair),
            )
        )
    )
    session.execute(
        update(LoginAttempt)
        .where(LoginAttempt.id == noted.pair)
        .values(succeeded=True, at=func.now())
    )


def _is_usual(session: Session, pair: str) -> bool:
    success = select(LoginAttempt.id).where(
        LoginAttempt.key == pair, LoginAttempt.succeeded, LoginAttempt.at > func.now() - USUAL
    )
    return session.scalar(success.limit(1)) is not None


def _failures(session: Session, key: str) -> int:
    failed = select(func.count()).where(
        LoginAttempt.key == key,
        LoginAttempt.at > func.now() - WINDOW,
        LoginAttempt.succeeded.is_(False),
    )
    return session.scalar(failed) or 0


def _forget_old(session: Session) -> None:
    failed = and_(LoginAttempt.succeeded.is_(False), LoginAttempt.at < func.now() - 4 * WINDOW)
    session.execute(delete(LoginAttempt).where(or_(failed, LoginAttempt.at < func.now() - USUAL)))
