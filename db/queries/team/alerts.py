"""Alerts: findings of live runs, the channels that are told, deliveries, and who has read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.errors import Conflict, NotFound
from db.models import (
    Alert,
    AlertChannel,
    AlertDelivery,
    AlertReader,
    Run,
    RunSnooze,
)
from db.models.findings import CHANNELS, SEVERITIES
from db.permissions import Permission
from db.queries.runs.run_names import RUN_NAME
from db.queries.team.alert_events import raise_alerts as raise_alerts
from db.queries.team.alert_events import run_is_snoozed
from db.queries.team.rights import require_permission

MAX_ADDRESS = 500
MAX_CHANNELS = 50
MAX_ATTEMPTS = 5
# Tried again half a minute after the alert, then after ever longer: two, eight, half an hour.
PATIENCE_SECONDS, PATIENCE_GROWS = 30, 4


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
    """One alert, and whether the person who asks has not read it.

    `cause` with its `probability` is the most probable one, None where none was named; `chart` is
    that of its strongest finding, empty for none. `uuid` is the run's, as hexadecimal digits.
    `snoozed_by` is who wants to hear no more of it; `run_snoozed_until` is in the future while
    nothing is sent of the run, else None.
    """

    id: int
    run_id: int
    run: str
    rule: str
    severity: str
    iteration: int
    text: str
    created_at: datetime
    unread: bool
    cause: str | None = None
    probability: float | None = None
    chart: dict[str, Any] = field(default_factory=dict)
    uuid: str = ""
    snoozed_by: str | None = None
    run_snoozed_until: datetime | None = None
    run_snoozed_by: str | None = None

    @property
    def quiet(self) -> bool:
        """Return whether nothing is sent of it for now."""
        return self.snoozed_by is not None or self.run_snoozed_until is not None


@dataclass(frozen=True)
class Delivery:
    """One alert that one channel must be told."""

    alert: AlertRow
    channel_id: int
    kind: str
    address: str
    attempts: int


def list_alerts(session: Session, *, account_id: int, limit: int = 100) -> list[AlertRow]:
    """Return the latest alerts, the newest first."""
    seen = select(func.coalesce(func.max(AlertReader.seen_id), 0)).where(
        AlertReader.account_id == account_id
    )
    rows = session.execute(
        select(
            *_alert_columns(),
            ((Alert.id > seen.scalar_subquery()) & _awake()).label("unread"),
            RunSnooze.until.label("run_snoozed_until"),
            RunSnooze.account_name.label("run_snoozed_by"),
        )
        .join(Run, Run.id == Alert.run_id)
        .outerjoin(RunSnooze, (RunSnooze.run_id == Alert.run_id) & (RunSnooze.until > func.now()))
        .where(Run.trashed_at.is_(None))
        .order_by(Alert.id.desc())
        .limit(limit)
    )
    return [_alert(dict(row._mapping)) for row in rows]


_COLUMNS = (
    *("id", "run_id", "rule", "severity", "iteration", "text", "created_at"),
    *("cause", "probability", "chart", "snoozed_by"),
)


def _alert_columns() -> list[Any]:
    return [*(getattr(Alert, name) for name in _COLUMNS), RUN_NAME.label("run"), Run.uuid]


def _alert(values: Mapping[str, Any]) -> AlertRow:
    return AlertRow(**{**values, "uuid": values["uuid"].hex})


def _awake() -> ColumnElement[bool]:
    """Return whether alerts are sent: neither the event nor its run is snoozed."""
    return Alert.snoozed_by.is_(None) & ~run_is_snoozed(Alert.run_id)


def unread(session: Session, *, account_id: int) -> int:
    """Return how many alerts a person has not read, without what is snoozed."""
    seen = session.scalar(select(AlertReader.seen_id).where(AlertReader.account_id == account_id))
    query = select(func.count()).select_from(Alert).join(Run, Run.id == Alert.run_id)
    new = (Alert.id > (seen or 0), Run.trashed_at.is_(None), _awake())
    return session.scalar(query.where(*new)) or 0


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
    away for some minutes is told when it is back. What is snoozed waits.
    """
    pause = case(
        (AlertDelivery.attempts == 0, 0),
        else_=PATIENCE_SECONDS * func.power(PATIENCE_GROWS, AlertDelivery.attempts - 1),
    )
    due = Alert.created_at + func.make_interval(0, 0, 0, 0, 0, 0, pause) <= func.now()
    taken = session.execute(
        select(AlertDelivery.alert_id, AlertDelivery.channel_id)
        .join(Alert, Alert.id == AlertDelivery.alert_id)
        .where(AlertDelivery.state == "waiting", due, _awake())
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
        alert = _alert({**values, "unread": True})
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
