"""What the histories of validation images tell, and what people decided on images."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ARRAYS = (
    "confidence",
    "variability",
    "correct",
    "other",
    "agreement",
    "doubt",
    "forgotten",
    "learned",
    "lost",
    "twin",
)


def text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def integer(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def refers(table: str, column: str, to: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=f"{table}_{column}_fkey", ondelete=on_delete
    )


def upgrade() -> None:
    op.create_table(
        "image_history",
        integer("run_id"),
        text("classes_key"),
        text("digest"),
        integer("snapshots"),
        integer("counted"),
        integer("last_iteration", nullable=True),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ARRAYS),
        refers("image_history", "run_id", "run", "CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name="image_history_pkey"),
    )
    for name in ARRAYS:
        op.execute(f"ALTER TABLE image_history ALTER COLUMN {name} SET STORAGE EXTERNAL")
    op.create_table(
        "image_review",
        text("set_key"),
        integer("image_id"),
        text("decision"),
        integer("label", nullable=True),
        integer("account_id", nullable=True),
        text("account_name"),
        sa.Column(
            "decided_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "decision IN ('keep', 'relabel', 'remove')", name=op.f("image_review_decision_check")
        ),
        sa.CheckConstraint(
            "(decision = 'relabel') = (label IS NOT NULL)", name=op.f("image_review_label_check")
        ),
        refers("image_review", "account_id", "account", "SET NULL"),
        sa.PrimaryKeyConstraint("set_key", "image_id", name="image_review_pkey"),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
