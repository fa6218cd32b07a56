"""What makes ingest jobs by itself: schedules, watched folders; and the workers that see to it."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, CreatedAt, Timestamp, one_of
from db.models.jobs import JOB_MODES


class IngestSchedule(Base):
    """A log that is loaded again and again. `next_due` is None while it is paused.

    `paused_because` says why where it was not its owner who paused it, and how to go on.
    `cron` has five fields and is read in `time_zone` (an IANA name); times are stored as instants.
    """

    __tablename__ = "ingest_schedule"
    __table_args__ = (
        CheckConstraint(one_of("mode", *JOB_MODES), name="mode"),
        Index(None, "next_due"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    location: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    cron: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    next_due: Mapped[Timestamp | None]
    paused_because: Mapped[str | None] = mapped_column(Text)
    owner_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[CreatedAt]


class IngestFiring(Base):
    """One time of a schedule that was seen to: its key is what makes it happen once.

    `missed` are the times before it that nobody was there for. Without a job, `note` says why.
    """

    __tablename__ = "ingest_firing"

    schedule_id: Mapped[int] = mapped_column(
        ForeignKey("ingest_schedule.id", ondelete="CASCADE"), primary_key=True
    )
    due_at: Mapped[Timestamp] = mapped_column(primary_key=True)
    job_id: Mapped[int | None] = mapped_column(
        ForeignKey("ingest_job.id", ondelete="SET NULL"), index=True
    )
    missed: Mapped[int] = mapped_column(server_default="0")
    note: Mapped[str] = mapped_column(Text, server_default="")
    fired_at: Mapped[CreatedAt]


class IngestWatch(Base):
    """A folder in which every run directory becomes a job. `problem` is why it cannot be read."""

    __tablename__ = "ingest_watch"

    id: Mapped[int] = mapped_column(primary_key=True)
    location: Mapped[str] = mapped_column(Text, unique=True)
    active: Mapped[bool] = mapped_column(server_default="true")
    owner_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[CreatedAt]
    looked_at: Mapped[Timestamp | None]
    problem: Mapped[str | None] = mapped_column(Text)


class IngestFind(Base):
    """A run directory that a watched folder has brought: its key is what makes it found once."""

    __tablename__ = "ingest_find"

    watch_id: Mapped[int] = mapped_column(
        ForeignKey("ingest_watch.id", ondelete="CASCADE"), primary_key=True
    )
    location: Mapped[str] = mapped_column(Text, primary_key=True)
    job_id: Mapped[int | None] = mapped_column(
        ForeignKey("ingest_job.id", ondelete="SET NULL"), index=True
    )
    found_at: Mapped[CreatedAt]


class IngestWorker(Base):
    """A worker process that lives, or died without a word where `seen_at` is long ago.

    `in_hand` is how many tasks it has in hand, `took_at` when it last took one off the queue.
    """

    __tablename__ = "ingest_worker"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    process: Mapped[int]
    concurrency: Mapped[int]
    roots: Mapped[dict[str, Any]]
    started_at: Mapped[CreatedAt]
    seen_at: Mapped[Timestamp]
    took_at: Mapped[Timestamp | None]
    in_hand: Mapped[int] = mapped_column(server_default="0")


class IngestPlace(Base):
    """A folder under the roots of a worker, as it saw it last; `is_run` where that is of a run."""

    __tablename__ = "ingest_place"

    worker_id: Mapped[int] = mapped_column(
        ForeignKey("ingest_worker.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    location: Mapped[str] = mapped_column(Text, primary_key=True)
    is_run: Mapped[bool]
