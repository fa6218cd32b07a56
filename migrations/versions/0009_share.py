"""Parts of a large load, which several workers share."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ingest_share",
        sa.Column("run_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("part", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("plan", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("iterations", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("backend", sa.Integer(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("loaded", sa.ARRAY(sa.Integer()), nullable=True),
        sa.Column("replaced", sa.ARRAY(sa.Integer()), nullable=True),
        sa.Column("unchanged", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'taken', 'returned', 'done')", name=op.f("ingest_share_state_check")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name="ingest_share_run_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["ingest_job.id"], name="ingest_share_job_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "part", name="ingest_share_pkey"),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
