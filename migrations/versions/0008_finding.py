"""Findings about runs, their thresholds, and alerts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SEVERITY = "severity IN ('low', 'medium', 'high')"


def text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def integer(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def integers(name: str) -> sa.Column:
    return sa.Column(name, sa.ARRAY(sa.Integer()), nullable=False)


def document(name: str) -> sa.Column:
    return sa.Column(name, postgresql.JSONB(), nullable=False)


def now(name: str) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def refers(table: str, column: str, to: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=f"{table}_{column}_fkey", ondelete=on_delete
    )


def by_account(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        integer("account_id", nullable=True),
        text("account_name"),
        refers(table, "account_id", "account", "SET NULL"),
    )


def upgrade() -> None:
    op.create_table(
        "finding",
        integer("run_id"),
        text("key"),
        integer("rank"),
        text("rule"),
        text("severity"),
        integer("start_iteration"),
        integer("end_iteration", nullable=True),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        text("text"),
        integers("layers"),
        integers("classes"),
        integers("filters"),
        document("chart"),
        now("found_at"),
        sa.CheckConstraint(SEVERITY, name=op.f("finding_severity_check")),
        refers("finding", "run_id", "run", "CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key", name="finding_pkey"),
    )
    op.create_table(
        "run_health",
        integer("run_id"),
        integer("snapshots"),
        integer("last_iteration", nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        document("answers"),
        now("evaluated_at"),
        refers("run_health", "run_id", "run", "CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name="run_health_pkey"),
    )
    op.create_table(
        "finding_mute",
        integer("run_id"),
        text("key"),
        text("reason"),
        *by_account("finding_mute"),
        now("created_at"),
        refers("finding_mute", "run_id", "run", "CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key", name="finding_mute_pkey"),
    )
    op.create_table(
        "rule_threshold",
        text("rule"),
        sa.Column("threshold", sa.Double(), nullable=False),
        *by_account("rule_threshold"),
        now("changed_at"),
        sa.PrimaryKeyConstraint("rule", name="rule_threshold_pkey"),
    )
    _alerts()


def _alerts() -> None:
    op.create_table(
        "alert_channel",
        integer("id"),
        text("kind"),
        text("address"),
        text("severity"),
        *by_account("alert_channel"),
        now("created_at"),
        sa.CheckConstraint(
            "kind IN ('app', 'webhook', 'email')", name=op.f("alert_channel_kind_check")
        ),
        sa.CheckConstraint(SEVERITY, name=op.f("alert_channel_severity_check")),
        sa.PrimaryKeyConstraint("id", name="alert_channel_pkey"),
    )
    op.create_table(
        "alert",
        integer("id"),
        integer("run_id"),
        text("key"),
        text("rule"),
        text("severity"),
        integer("iteration"),
        text("text"),
        now("created_at"),
        sa.CheckConstraint(SEVERITY, name=op.f("alert_severity_check")),
        refers("alert", "run_id", "run", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="alert_pkey"),
    )
    op.create_index("alert_run_id_key_idx", "alert", ["run_id", "key"], unique=True)
    op.create_index("alert_created_at_idx", "alert", ["created_at"])
    op.create_table(
        "alert_delivery",
        integer("alert_id"),
        integer("channel_id"),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        text("error", nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'failed')", name=op.f("alert_delivery_state_check")
        ),
        refers("alert_delivery", "alert_id", "alert", "CASCADE"),
        refers("alert_delivery", "channel_id", "alert_channel", "CASCADE"),
        sa.PrimaryKeyConstraint("alert_id", "channel_id", name="alert_delivery_pkey"),
    )
    op.create_table(
        "alert_reader",
        integer("account_id"),
        integer("seen_id"),
        refers("alert_reader", "account_id", "account", "CASCADE"),
        sa.PrimaryKeyConstraint("account_id", name="alert_reader_pkey"),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
