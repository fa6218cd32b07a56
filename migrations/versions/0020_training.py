"""Trainings that are started from the browser: scripts that workers offer, batches, trainings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _scripts_and_batches()
    op.create_table(
        "training",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("output", sa.Text(), server_default="", nullable=False),
        sa.Column("exit_status", sa.Integer(), nullable=True),
        sa.Column("stop_requested", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("parent_run_id", sa.Integer(), nullable=True),
        sa.Column("parent_iteration", sa.Integer(), nullable=True),
        sa.Column("requested_by", sa.Integer(), nullable=True),
        _created_at(),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("run_dir", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'stopped', 'lost')",
            name=op.f("training_state_check"),
        ),
        _reference("batch_id", "training_batch"),
        _reference("parent_run_id", "run"),
        _reference("requested_by", "account"),
        _reference("job_id", "ingest_job"),
        sa.PrimaryKeyConstraint("id", name="training_pkey"),
    )
    for column in (
        "created_at",
        "state",
        "batch_id",
        "parent_run_id",
        "requested_by",
        "job_id",
    ):
        op.create_index(f"training_{column}_idx", "training", [column])


def _scripts_and_batches() -> None:
    op.create_table(
        "training_script",
        sa.Column("worker_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("told", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["worker_id"],
            ["ingest_worker.id"],
            name="training_script_worker_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("worker_id", "script", name="training_script_pkey"),
    )
    op.create_table(
        "training_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        _created_at(),
        sa.CheckConstraint(
            "search IN ('grid', 'random')", name=op.f("training_batch_search_check")
        ),
        sa.PrimaryKeyConstraint("id", name="training_batch_pkey"),
    )


def _created_at() -> sa.Column:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
    )


def _reference(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{table}.id"], name=f"training_{column}_fkey", ondelete="SET NULL"
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
