"""Alerts of whole events, with a snooze; runs that a team marked as good."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert", sa.Column("cause", sa.Text(), nullable=True))
    op.add_column("alert", sa.Column("probability", sa.Double(), nullable=True))
    op.add_column("alert", sa.Column("chart", JSONB(), server_default="{}", nullable=False))
    op.add_column("alert", sa.Column("snoozed_by", sa.Text(), nullable=True))
    op.create_table(
        "alert_member",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        _of("alert_member", "run_id", "run"),
        _of("alert_member", "alert_id", "alert"),
        sa.PrimaryKeyConstraint("run_id", "key", name="alert_member_pkey"),
    )
    # What was told stays told.
    op.execute("INSERT INTO alert_member (run_id, key, alert_id) SELECT run_id, key, id FROM alert")
    op.create_table(
        "run_snooze",
        sa.Column("run_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        _of("run_snooze", "run_id", "run"),
        sa.PrimaryKeyConstraint("run_id", name="run_snooze_pkey"),
    )
    op.create_table(
        "good_run",
        sa.Column("run_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        _of("good_run", "run_id", "run"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="good_run_account_id_fkey", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("run_id", name="good_run_pkey"),
    )


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=f"{table}_{column}_fkey", ondelete="CASCADE"
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
