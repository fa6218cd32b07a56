"""Saved views: a selection of a run under a short link."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = {"server_default": sa.text("now()"), "nullable": False}
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("shared", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), **moment),
        sa.Column("used_at", sa.DateTime(timezone=True), **moment),
        sa.CheckConstraint("name IS NOT NULL OR NOT shared", name=op.f("saved_view_shared_check")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="saved_view_account_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name="saved_view_run_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="saved_view_pkey"),
    )
    op.create_index("saved_view_run_id_idx", "saved_view", ["run_id"], unique=False)
    op.create_index(
        "saved_view_shared_idx",
        "saved_view",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("shared"),
    )
    op.create_index(
        "saved_view_unnamed_key",
        "saved_view",
        ["account_id", "run_id", "digest"],
        unique=True,
        postgresql_where=sa.text("name IS NULL"),
    )
    op.create_index(
        "saved_view_account_id_used_at_idx", "saved_view", ["account_id", "used_at"], unique=False
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
