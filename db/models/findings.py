"""What the health rules found in runs, what people said to it, and whom it is told."""

from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, Double, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, CreatedAt, Timestamp, one_of

SEVERITIES = ("low", "medium", "high")
CHANNELS = ("app", "webhook", "email")
DELIVERY_STATES = ("waiting", "sent", "failed")


class Finding(Base):
    """One verdict of one rule on a run; every evaluation of the run replaces all of them.

    `key` identifies a finding from one evaluation to the next. `text` holds facts, from which words
    are made when it is shown (ingest.analysis.health.sentences). `filters` are pairs of layer and
    filter, one after the other; `end_iteration` is NULL while it lasts; `chart` as
    ingest.analysis.health.finding.Chart, empty for none. `found_at` is when it was first seen.
    """

    __tablename__ = "finding"
    __table_args__ = (CheckConstraint(one_of("severity", *SEVERITIES), name="severity"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    rank: Mapped[int]
    rule: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    start_iteration: Mapped[int]
    end_iteration: Mapped[int | None]
    strength: Mapped[float] = mapped_column(Double)
    value: Mapped[float | None] = mapped_column(Double)
    text: Mapped[str] = mapped_column(Text)
    layers: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    classes: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    filters: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    chart: Mapped[dict[str, Any]]
    found_at: Mapped[CreatedAt]


class RunHealth(Base):
    """The last evaluation of a run: how far it saw, how long it took, and the ranked answers."""

    __tablename__ = "run_health"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("run.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    snapshots: Mapped[int]
    last_iteration: Mapped[int | None]
    seconds: Mapped[float] = mapped_column(Double)
    answers: Mapped[dict[str, Any]]
    evaluated_at: Mapped[CreatedAt]


class FindingMute(Base):
    """A finding that somebody has looked at and does not want to be told again."""

    __tablename__ = "finding_mute"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    account_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]


class RuleThreshold(Base):
    """A threshold that the team has set instead of the rule's own."""

    __tablename__ = "rule_threshold"

    rule: Mapped[str] = mapped_column(Text, primary_key=True)
    threshold: Mapped[float] = mapped_column(Double)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    account_name: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[CreatedAt]


class AlertChannel(Base):
    """Where findings of live runs are sent, and from which minimum severity.

    `address` is a URL or an e-mail address; empty for the application itself.
    """

    __tablename__ = "alert_channel"
    __table_args__ = (
        CheckConstraint(one_of("kind", *CHANNELS), name="kind"),
        CheckConstraint(one_of("severity", *SEVERITIES), name="severity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    account_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]


class Alert(Base):
    """An event of a live run that some channel is told: findings that began together, told once.

    `key` and `rule` are those of its strongest finding when it was first told. `cause` is the most
    probable one, NULL where none was named; `chart` as in Finding. `snoozed_by` is who wants to
    hear no more of it.
    """

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(one_of("severity", *SEVERITIES), name="severity"),
        Index(None, "run_id", "key", unique=True),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    iteration: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]
    cause: Mapped[str | None] = mapped_column(Text)
    probability: Mapped[float | None] = mapped_column(Double)
    chart: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    snoozed_by: Mapped[str | None] = mapped_column(Text)


class AlertMember(Base):
    """A finding that belongs to an alert: it is not told once more."""

    __tablename__ = "alert_member"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id", ondelete="CASCADE"))


class RunSnooze(Base):
    """Until when nobody is sent alerts of a run, and who wanted so."""

    __tablename__ = "run_snooze"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("run.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    until: Mapped[Timestamp]
    account_name: Mapped[str] = mapped_column(Text)


class GoodRun(Base):
    """A run that the team marked as good: later ones of its recipe are judged by it."""

    __tablename__ = "good_run"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("run.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    account_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]


class AlertDelivery(Base):
    """One alert on one channel: sent, or how often it was tried, and why it failed."""

    __tablename__ = "alert_delivery"
    __table_args__ = (CheckConstraint(one_of("state", *DELIVERY_STATES), name="state"),)

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    channel_id: Mapped[int] = mapped_column(
        ForeignKey("alert_channel.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    state: Mapped[str] = mapped_column(Text, server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[Timestamp | None]


class AlertReader(Base):
    """Up to which alert an account has read them in the application."""

    __tablename__ = "alert_reader"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    seen_id: Mapped[int]
