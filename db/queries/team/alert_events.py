"""Raises alerts: one for each event of a live run, whatever findings join it later."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import InstrumentedAttribute

from db.models import Alert, AlertChannel, AlertDelivery, AlertMember, FindingMute, RunSnooze
from db.models.findings import SEVERITIES

# A rule that finds the same again, a snapshot later, is no news.
QUIET_MINUTES = 10

Event = Mapping[str, Any]


def reaching(severity: str) -> tuple[str, ...]:
    """Return the severities from which a channel wants to hear, that `severity` reaches."""
    return SEVERITIES[: SEVERITIES.index(severity) + 1]


def run_is_snoozed(run_id: InstrumentedAttribute[int] | int) -> ColumnElement[bool]:
    """Return whether nobody is sent alerts of a run for now."""
    snooze = aliased(RunSnooze)  # also in a query that joins it
    return select(snooze.run_id).where(snooze.run_id == run_id, snooze.until > func.now()).exists()


def raise_alerts(session: Session, *, run_id: int, findings: Sequence[Event]) -> int:
    """Note alerts of a live run for its events that a channel wants; return how many are new.

    Each event has the key, rule, severity, start_iteration and text of what it is about, and may
    have `members`, its findings with key, rule and severity, the strongest first (else it is one
    finding); `near`, the first and last iteration at which another finding is part of it, and
    `lasting`, the rules whose alerts are about no moment; cause, probability and chart as in Alert.

    None where it was told before, all of it is muted, or the same rule was told for this run within
    QUIET_MINUTES. A finding that joins an event which was told is not told again; an event that has
    worsened is, to the channels that were not told.
    """
    channels = session.execute(
        select(AlertChannel.id, AlertChannel.kind, AlertChannel.severity)
    ).all()
    number = 0
    for event in findings:
        members = _not_muted(session, run_id, event)
        if not members:
            continue
        lead = max(members, key=lambda one: SEVERITIES.index(one["severity"]))
        wanting = [c for c in channels if c.severity in reaching(lead["severity"])]
        if not wanting:
            continue
        alert_id = _note(session, run_id, event, lead, members)
        if alert_id is None:
            continue
        number += 1
        told = [{"alert_id": alert_id, "channel_id": c.id} for c in wanting if c.kind != "app"]
        if told:
            session.execute(upsert(AlertDelivery).values(told).on_conflict_do_nothing())
    return number


def _not_muted(session: Session, run_id: int, event: Event) -> list[Event]:
    members = list(event.get("members", [event]))
    keys = [one["key"] for one in members]
    muted = set(
        session.scalars(
            select(FindingMute.key).where(FindingMute.run_id == run_id, FindingMute.key.in_(keys))
        )
    )
    return [one for one in members if one["key"] not in muted]


def _note(
    session: Session, run_id: int, event: Event, lead: Event, members: Sequence[Event]
) -> int | None:
    """Note an alert, or that one has become worse; None where that is no news."""
    told = _told(session, run_id, event, members)
    said = {name: event.get(name) for name in ("text", "cause", "probability")}
    new = {**said, "severity": lead["severity"], "chart": event.get("chart") or {}}
    alert_id: int | None = None
    if told is not None and told.severity in reaching(lead["severity"])[:-1]:
        if not _told_lately(session, run_id, lead):
            session.execute(update(Alert).where(Alert.id == told.id).values(**new))
            alert_id = told.id
    elif told is None and not _told_lately(session, run_id, lead):
        alert_id = session.scalar(
            insert(Alert)
            .values(
                run_id=run_id,
                key=lead["key"],
                rule=lead["rule"],
                iteration=event["start_iteration"],
                **new,
            )
            .returning(Alert.id)
        )
    elif told is not None and told.cause is None and event.get("cause"):
        # It became known meanwhile: whoever has not been told yet is told.
        known = {name: event.get(name) for name in ("cause", "probability")}
        session.execute(update(Alert).where(Alert.id == told.id).values(**known))
    joined = alert_id if told is None else told.id
    if joined is not None:
        rows = [{"run_id": run_id, "key": one["key"], "alert_id": joined} for one in members]
        session.execute(upsert(AlertMember).values(rows).on_conflict_do_nothing())
    return alert_id


def _told(
    session: Session, run_id: int, event: Event, members: Sequence[Event]
) -> Row[int, str, str | None] | None:
    """Return (id, severity, cause) of the alert that an event was told by; None for none."""
    query = select(Alert.id, Alert.severity, Alert.cause).where(Alert.run_id == run_id)
    keys = [one["key"] for one in members]
    by_key = query.join(AlertMember, AlertMember.alert_id == Alert.id).where(
        AlertMember.run_id == run_id, AlertMember.key.in_(keys)
    )
    found = session.execute(by_key.order_by(Alert.id).limit(1)).one_or_none()
    near = event.get("near")
    if found is not None or near is None:
        return found
    # The next evaluation may date the same a snapshot earlier or later, under other keys.
    at_once = Alert.rule.not_in(sorted(event.get("lasting", ())))
    when = Alert.iteration.between(*near)
    return session.execute(query.where(at_once, when).order_by(Alert.id).limit(1)).one_or_none()


def _told_lately(session: Session, run_id: int, lead: Event) -> bool:
    recent = select(Alert.id).where(
        Alert.run_id == run_id,
        Alert.rule == lead["rule"],
        Alert.severity.in_(SEVERITIES[SEVERITIES.index(lead["severity"]) :]),
        Alert.created_at > func.now() - func.make_interval(0, 0, 0, 0, 0, QUIET_MINUTES),
    )
    return session.scalar(select(recent.exists())) is True
