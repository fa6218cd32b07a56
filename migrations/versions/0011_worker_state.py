"""What workers say of themselves and of the folders that they see; jobs that wait for their log."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "ingest_job", sa.Column("awaited_since", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("ingest_worker", sa.Column("took_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "ingest_worker", sa.Column("in_hand", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_table(
        "ingest_place",
        sa.Column("worker_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("is_run", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["worker_id"],
            ["ingest_worker.id"],
            name="ingest_place_worker_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("worker_id", "location", name="ingest_place_pkey"),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
