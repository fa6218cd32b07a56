"""Loads are no longer shared by several workers: their parts, and what was asked of helpers, go."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("ingest_share")
    op.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'deeptracker:help'")


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
