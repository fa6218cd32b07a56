"""Ingest jobs: one loading of one log, as the page shows it."""

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, CreatedAt, Timestamp, one_of

JOB_STATES = ("queued", "running", "succeeded", "failed", "cancelled")
JOB_MODES = ("once", "follow")


class IngestJob(Base):
    """One loading of one log. `error` is safe to show; `error_file` is the file it is about."""

    __tablename__ = "ingest_job"
    __table_args__ = (
        CheckConstraint(one_of("state", *JOB_STATES), name="state"),
        CheckConstraint(one_of("mode", *JOB_MODES), name="mode"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int | None] = mapped_column(
        ForeignKey("run.id", ondelete="SET NULL"), index=True
    )
    location: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int | None]
    rate: Mapped[float | None] = mapped_column(Double)
    remaining_seconds: Mapped[float | None] = mapped_column(Double)
    message: Mapped[str] = mapped_column(Text, server_default="")
    error: Mapped[str | None] = mapped_column(Text)
    error_file: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[CreatedAt]
    started_at: Mapped[Timestamp | None]
    heartbeat_at: Mapped[Timestamp | None]
    finished_at: Mapped[Timestamp | None]
    cancel_requested: Mapped[bool] = mapped_column(server_default="false")
    attempts: Mapped[int] = mapped_column(server_default="0")
    # What asked for it, where that was no person; and who ran it last ("host, process 123").
    schedule_id: Mapped[int | None] = mapped_column(
        ForeignKey("ingest_schedule.id", ondelete="SET NULL"), index=True
    )
    watch_id: Mapped[int | None] = mapped_column(
        ForeignKey("ingest_watch.id", ondelete="SET NULL"), index=True
    )
    worker: Mapped[str | None] = mapped_column(Text)
    # Since when it waits for its log to appear, off the queue; None where it does not.
    awaited_since: Mapped[Timestamp | None]
    # What whoever asked wants the run to be called; None: as its log says.
    title: Mapped[str | None] = mapped_column(Text)


class IngestJobLine(Base):
    """One line of a job's log."""

    __tablename__ = "ingest_job_line"
    __table_args__ = (Index(None, "job_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("ingest_job.id", ondelete="CASCADE"))
    at: Mapped[CreatedAt]
    text: Mapped[str] = mapped_column(Text)
