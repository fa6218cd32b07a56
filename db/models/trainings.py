"""Trainings started from the browser: the scripts that workers offer, batches, trainings."""

from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, CreatedAt, Timestamp, one_of

TRAINING_STATES = ("queued", "running", "succeeded", "failed", "stopped", "lost")
SEARCHES = ("grid", "random")


class TrainingScript(Base):
    """A training script that a worker offers: `told` is a db.training_scripts.Script as JSON."""

    __tablename__ = "training_script"

    worker_id: Mapped[int] = mapped_column(
        ForeignKey("ingest_worker.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    script: Mapped[str] = mapped_column(Text, primary_key=True)
    told: Mapped[dict[str, Any]]


class TrainingBatch(Base):
    """Trainings that were asked for together: a grid, or a random search drawn with `seed`."""

    __tablename__ = "training_batch"
    __table_args__ = (CheckConstraint(one_of("search", *SEARCHES), name="search"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    search: Mapped[str] = mapped_column(Text)
    budget: Mapped[int]
    seed: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[CreatedAt]


class Training(Base):
    """One start of a training script, from the request to its end.

    `place` is the folder of a host that has its process; `run_dir` where it records, and `job_id`
    the ingest job that follows it. `output` is the end of what it printed. A fork has a parent: a
    run, and the iteration from which it goes on.
    """

    __tablename__ = "training"
    __table_args__ = (
        CheckConstraint(one_of("state", *TRAINING_STATES), name="state"),
        Index(None, "created_at"),
        Index(None, "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    script: Mapped[str] = mapped_column(Text)
    # Not jsonb: it keeps the order in which the script declares them.
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    message: Mapped[str] = mapped_column(Text, server_default="")
    output: Mapped[str] = mapped_column(Text, server_default="")
    exit_status: Mapped[int | None]
    stop_requested: Mapped[bool] = mapped_column(server_default="false")
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("training_batch.id", ondelete="SET NULL"), index=True
    )
    parent_run_id: Mapped[int | None] = mapped_column(
        ForeignKey("run.id", ondelete="SET NULL"), index=True
    )
    parent_iteration: Mapped[int | None]
    requested_by: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[CreatedAt]
    started_at: Mapped[Timestamp | None]
    heartbeat_at: Mapped[Timestamp | None]
    finished_at: Mapped[Timestamp | None]
    worker: Mapped[str | None] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    run_dir: Mapped[str | None] = mapped_column(Text)
    job_id: Mapped[int | None] = mapped_column(
        ForeignKey("ingest_job.id", ondelete="SET NULL"), index=True
    )
