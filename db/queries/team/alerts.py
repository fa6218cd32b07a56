"""Alerts: findings of live runs, the channels that are told, deliveries, and who has read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.errors import Conflict, NotFound
from db.models import (
    Alert,
    AlertChannel,
    AlertDelivery,
    AlertReader,
    FindingMute,
    Run,
)
from db.models.findings import CHANNELS, SEVERITIES
from db.permissions import Permission
from db.queries.runs.run_names import RUN_NAME
from db.queries.team.rights import require_permission

MAX_ADDRESS = 500
MAX_CHANNELS = 50
MAX_ATTEMPTS = 5
# Tried again half a minute after the alert, then after ever longer: two, eight, half an hour.
PATIENCE_SECONDS, PATIENCE_GROWS = 30, 4
# A rule that finds the same again, a snapshot later, is no news.
QUIET_MINUTES = 10


@dataclass(frozen=True)
class ChannelRow:
    """One channel; `error` is why its last delivery failed, None where it went well."""

    id: int
    kind: str
    address: str
    severity: str
    account_name: str
    error: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True)
class AlertRow:
    """One alert, and whether the person who asks has not read it."""

    id: int
    run_id: int
    run: str
    rule: str
    severity: str
    iteration: int
    text: str
    created_at: datetime
    unread: bool


@dataclass(frozen=True)
class Delivery:
    """One alert that one channel must be told."""

    alert: AlertRow
    channel_id: int
    kind: str
    address: str
    attempts: int


def reaching(severity: str) -> tuple[str, ...]:
    """Return the severities from which a channel wants to hear, that `severity` reaches."""
    return SEVERITIES[: SEVERITIES.index(severity) + 1]


def raise_alerts(session: Session, *, run_id: int, findings: Sequence[Mapping[str, Any]]) -> int:
    """Note alerts of a live run for its findings that a channel wants; return how many are new.

    `findings` are rows as for save_findings. None where the finding was told before, is muted, or
    the same rule was told for this run within QUIET_MINUTES; what has worsened is sent again, to
    the channels that were not told.
    """
    channels = session.execute(
        select(AlertChannel.id, AlertChannel.kind, AlertChannel.severity)
    ).all()
    number = 0
    for finding in findings:
        wanting = [c for c in channels if c.severity in reaching(finding["severity"])]
        if not wanting or not _is_news(session, run_id, finding):
            continue
        alert_id = _note(session, run_id, finding)
        if alert_id is None:
            continue
        number += 1
        told = [{"alert_id": alert_id, "channel_id": c.id} for c in wanting if c.kind != "app"]
        if told:
            session.execute(upsert(AlertDelivery).values(told).on_conflict_do_nothing())
    return number


def _note(session: Session, run_id: int, finding: Mapping[str, Any]) -> int | None:
    """Note an alert, or that one has become worse; None where it was told as it is."""
    new = {"severity": finding["severity"], "text": finding["text"]}
    milder = SEVERITIES[: SEVERITIES.index(finding["severity"])]
    return session.scalar(
        upsert(Alert)
        .values(
            run_id=run_id,
            key=finding["key"],
            rule=finding["rule"],
            iteration=finding["start_iteration"],
            **new,
        )
        .on_conflict_do_update(
            index_elements=["run_id", "key"], set_=new, where=Alert.severity.in_(milder)
        )
        .returning(Alert.id)
    )


def _is_news(session: Session, run_id: int, finding: Mapping[str, Any]) -> bool:
    muted = select(FindingMute.key).where(
        FindingMute.run_id == run_id, FindingMute.key == finding["key"]
    )
    recent = select(Alert.id).where(
        Alert.run_id == run_id,
        Alert.rule == finding["rule"],
        Alert.severity.in_(SEVERITIES[SEVERITIES.index(finding["severity"]) :]),
        Alert.created_at > func.now() - func.make_interval(0, 0, 0, 0, 0, QUIET_MINUTES),
    )
    return session.scalar(select(muted.exists() | recent.exists())) is False


def list_alerts(session: Session, *, account_id: int, limit: int = 100) -> list[AlertRow]:
    """Return the latest alerts, the newest first."""
    seen = select(func.coalesce(func.max(AlertReader.seen_id), 0)).where(
        AlertReader.account_id == account_id
    )
    rows = session.execute(
        select(*_alert_columns(), (Alert.id > seen.scalar_subquery()).label("unread"))
        .join(Run, Run.id == Alert.run_id)
        .where(Run.trashed_at.is_(None))
        .order_by(Alert.id.desc())
        .limit(limit)
    )
    return [AlertRow(**row._mapping) for row in rows]


def _alert_columns() -> list[Any]:
    names = ("id", "run_id", "rule", "severity", "iteration", "text", "created_at")
    return [*(getattr(Alert, name) for name in names), RUN_NAME.label("run")]


def unread(session: Session, *, account_id: int) -> int:
    """Return how many alerts a person has not read."""
    seen = session.scalar(select(AlertReader.seen_id).where(AlertReader.account_id == account_id))
    query = select(func.count()).select_from(Alert).join(Run, Run.id == Alert.run_id)
    return session.scalar(query.where(Alert.id > (seen or 0), Run.trashed_at.is_(None))) or 0


def mark_seen(session: Session, *, account_id: int, newest: int) -> None:
    """Note that a person has read the alerts up to `newest`: those that came later he has not."""
    there = session.scalar(select(func.coalesce(func.max(Alert.id), 0))) or 0
    seen_id = min(newest, there)
    session.execute(
        upsert(AlertReader)
        .values(account_id=account_id, seen_id=seen_id)
        .on_conflict_do_update(
            index_elements=["account_id"],
            set_={"seen_id": func.greatest(AlertReader.seen_id, seen_id)},
        )
    )


def list_channels(session: Session) -> list[ChannelRow]:
    """Return the channels in the order in which they were added, with their last delivery."""
    last = (
        select(AlertDelivery.error, AlertDelivery.sent_at)
        .where(AlertDelivery.channel_id == AlertChannel.id, AlertDelivery.attempts > 0)
        .order_by(AlertDelivery.alert_id.desc())
        .limit(1)
        .lateral()
    )
    rows = session.execute(
        select(
            AlertChannel.id,
            AlertChannel.kind,
            AlertChannel.address,
            AlertChannel.severity,
            AlertChannel.account_name,
            last.c.error,
            last.c.sent_at,
        )
        .outerjoin(last, last.c.error.is_distinct_from("") | last.c.sent_at.is_not(None))
        .order_by(AlertChannel.id)
    )
    return [ChannelRow(**row._mapping) for row in rows]


def add_channel(
    session: Session,
    *,
    kind: str,
    address: str,
    severity: str,
    account_id: int,
    account_name: str,
) -> int:
    """Add a channel; Conflict for what cannot be one, Forbidden. The caller checked the address."""
    require_permission(session, Permission.MANAGE_ALERTS, account_id=account_id)
    if kind not in CHANNELS or severity not in SEVERITIES:
        raise Conflict("Choose a kind of channel and a minimum severity.")
    if len(address) > MAX_ADDRESS or not address.isprintable():
        raise Conflict(f"An address has at most {MAX_ADDRESS} printable characters.")
    known = session.execute(select(AlertChannel.kind, AlertChannel.address)).all()
    if (kind, address) in {(row.kind, row.address) for row in known}:
        raise Conflict("There is such a channel already.")
    if len(known) >= MAX_CHANNELS:
        raise Conflict(f"There are {MAX_CHANNELS} channels already; remove one first.")
    return session.scalars(
        insert(AlertChannel)
        .values(
            kind=kind,
            address=address,
            severity=severity,
            account_id=account_id,
            account_name=account_name,
        )
        .returning(AlertChannel.id)
    ).one()


def remove_channel(session: Session, *, channel_id: int, account_id: int) -> None:
    """Tell a channel nothing more; Forbidden, NotFound."""
    require_permission(session, Permission.MANAGE_ALERTS, account_id=account_id)
    gone = session.execute(
        delete(AlertChannel).where(AlertChannel.id == channel_id).returning(AlertChannel.id)
    )
    if gone.one_or_none() is None:
        raise NotFound("alert channel", channel_id)


def take_deliveries(session: Session, *, limit: int = 10) -> list[Delivery]:
    """Take deliveries that are due, for this transaction alone.

    One that failed is due again after a while that grows with its attempts: a receiver that is
    away for some minutes is told when it is back.
    """
    pause = case(
        (AlertDelivery.attempts == 0, 0),
        else_=PATIENCE_SECONDS * func.power(PATIENCE_GROWS, AlertDelivery.attempts - 1),
    )
    due = Alert.created_at + func.make_interval(0, 0, 0, 0, 0, 0, pause) <= func.now()
    taken = session.execute(
        select(AlertDelivery.alert_id, AlertDelivery.channel_id)
        .join(Alert, Alert.id == AlertDelivery.alert_id)
        .where(AlertDelivery.state == "waiting", due)
        .order_by(AlertDelivery.attempts, AlertDelivery.alert_id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=AlertDelivery)
    ).all()
    found = []
    for alert_id, channel_id in taken:
        row = session.execute(
            select(
                *_alert_columns(),
                AlertChannel.kind,
                AlertChannel.address,
                AlertDelivery.attempts,
            )
            .join(Run, Run.id == Alert.run_id)
            .join(AlertDelivery, AlertDelivery.alert_id == Alert.id)
            .join(AlertChannel, AlertChannel.id == AlertDelivery.channel_id)
            .where(AlertDelivery.alert_id == alert_id, AlertDelivery.channel_id == channel_id)
        ).one()
        values = dict(row._mapping)
        kind, address, attempts = (values.pop(n) for n in ("kind", "address", "attempts"))
        alert = AlertRow(**values, unread=True)
        found.append(Delivery(alert, channel_id, kind, address, attempts))
    return found


def delivered(session: Session, delivery: Delivery, *, error: str | None) -> None:
    """Note how a delivery went; after MAX_ATTEMPTS failures it is given up."""
    attempts = delivery.attempts + 1
    state = "sent" if error is None else "failed" if attempts >= MAX_ATTEMPTS else "waiting"
    session.execute(
        update(AlertDelivery)
        .where(
            AlertDelivery.alert_id == delivery.alert.id,
            AlertDelivery.channel_id == delivery.channel_id,
        )
        .values(
            state=state,
            attempts=attempts,
            error=error,
            sent_at=func.now() if error is None else None,
        )
    )
