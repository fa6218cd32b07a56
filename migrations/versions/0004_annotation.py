"""Annotations and replies."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SHAPE = (
    "(target IN ('run', 'iteration')) = (target_id IS NULL)"
    " AND (target = 'filter') = (filter IS NOT NULL)"
    " AND (first_iteration IS NULL) = (last_iteration IS NULL)"
    " AND (target <> 'iteration' OR first_iteration IS NOT NULL)"
    " AND (target <> 'run' OR first_iteration IS NULL)"
    " AND first_iteration <= last_iteration"
)


def created() -> sa.Column:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def when(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def refers(table: str, column: str, to: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=f"{table}_{column}_fkey", ondelete=on_delete
    )


def upgrade() -> None:
    op.create_table(
        "annotation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.Column("filter", sa.Integer(), nullable=True),
        sa.Column("first_iteration", sa.Integer(), nullable=True),
        sa.Column("last_iteration", sa.Integer(), nullable=True),
        sa.Column("view", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        created(),
        when("edited_at"),
        when("resolved_at"),
        sa.Column("resolved_by", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "target IN ('run', 'iteration', 'class', 'image', 'layer', 'filter')",
            name=op.f("annotation_target_check"),
        ),
        sa.CheckConstraint(SHAPE, name=op.f("annotation_shape_check")),
        refers("annotation", "run_id", "run", "CASCADE"),
        refers("annotation", "author_id", "account", "SET NULL"),
        refers("annotation", "resolved_by", "account", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="annotation_pkey"),
    )
    op.create_index("annotation_run_id_changed_idx", "annotation", ["run_id", "changed"])
    op.create_index("annotation_author_id_idx", "annotation", ["author_id"])
    op.create_index("annotation_resolved_by_idx", "annotation", ["resolved_by"])
    op.create_table(
        "reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("annotation_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        created(),
        when("edited_at"),
        refers("reply", "annotation_id", "annotation", "CASCADE"),
        refers("reply", "author_id", "account", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="reply_pkey"),
    )
    op.create_index("reply_annotation_id_idx", "reply", ["annotation_id"])
    op.create_index("reply_author_id_idx", "reply", ["author_id"])
    op.create_table(
        "mention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("annotation_id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=False),
        created(),
        when("seen_at"),
        refers("mention", "annotation_id", "annotation", "CASCADE"),
        refers("mention", "reply_id", "reply", "CASCADE"),
        refers("mention", "account_id", "account", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="mention_pkey"),
    )
    op.create_index("mention_annotation_id_idx", "mention", ["annotation_id"])
    op.create_index("mention_reply_id_idx", "mention", ["reply_id"])
    op.create_index("mention_account_id_seen_at_idx", "mention", ["account_id", "seen_at"])
    op.create_table(
        "annotation_state",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        refers("annotation_state", "run_id", "run", "CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name="annotation_state_pkey"),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
