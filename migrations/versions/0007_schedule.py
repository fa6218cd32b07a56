"""Schedules of ingest jobs, watched folders, and the workers that are alive."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ingest_schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("next_due", _TIME, nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("mode IN ('once', 'follow')", name=op.f("ingest_schedule_mode_check")),
        _owner("ingest_schedule"),
        sa.PrimaryKeyConstraint("id", name="ingest_schedule_pkey"),
    )
    op.create_index("ingest_schedule_next_due_idx", "ingest_schedule", ["next_due"])
    op.create_index("ingest_schedule_owner_id_idx", "ingest_schedule", ["owner_id"])
    op.create_table(
        "ingest_firing",
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("missed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("fired_at", _TIME, server_default=sa.text("now()"), nullable=False),
        _key("ingest_firing", "schedule_id", "ingest_schedule", "CASCADE"),
        _key("ingest_firing", "job_id", "ingest_job", "SET NULL"),
        sa.PrimaryKeyConstraint("schedule_id", "due_at", name="ingest_firing_pkey"),
    )
    op.create_index("ingest_firing_job_id_idx", "ingest_firing", ["job_id"])
    _watched_folders()
    op.create_table(
        "ingest_worker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("roots", postgresql.JSONB(), nullable=False),
        sa.Column("started_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="ingest_worker_pkey"),
    )
    for column, table in (("schedule_id", "ingest_schedule"), ("watch_id", "ingest_watch")):
        op.add_column("ingest_job", sa.Column(column, sa.Integer(), nullable=True))
        op.create_foreign_key(
            f"ingest_job_{column}_fkey", "ingest_job", table, [column], ["id"], ondelete="SET NULL"
        )
        op.create_index(f"ingest_job_{column}_idx", "ingest_job", [column])
    op.add_column("ingest_job", sa.Column("worker", sa.Text(), nullable=True))


def _watched_folders() -> None:
    op.create_table(
        "ingest_watch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("looked_at", _TIME, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        _owner("ingest_watch"),
        sa.PrimaryKeyConstraint("id", name="ingest_watch_pkey"),
        sa.UniqueConstraint("location", name="ingest_watch_location_key"),
    )
    op.create_index("ingest_watch_owner_id_idx", "ingest_watch", ["owner_id"])
    op.create_table(
        "ingest_find",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("found_at", _TIME, server_default=sa.text("now()"), nullable=False),
        _key("ingest_find", "watch_id", "ingest_watch", "CASCADE"),
        _key("ingest_find", "job_id", "ingest_job", "SET NULL"),
        sa.PrimaryKeyConstraint("watch_id", "location", name="ingest_find_pkey"),
    )
    op.create_index("ingest_find_job_id_idx", "ingest_find", ["job_id"])


def _key(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=f"{table}_{column}_fkey", ondelete=ondelete
    )


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return _key(table, "owner_id", "account", "SET NULL")


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
