"""Tags, notes and the trash of runs; a partition for every run of the large tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEYS = {
    "filter_stat": "run_id, layer_id, iteration",
    "class_result": "run_id, class_id, iteration",
    "layer_stat": "run_id, layer_id, quantity, iteration",
    "filter_peak": "run_id, quantity, iteration",
}


def upgrade() -> None:
    op.add_column("run", sa.Column("title", sa.Text(), nullable=True))
    op.add_column(
        "run",
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column("run", sa.Column("notes", sa.Text(), server_default="", nullable=False))
    op.add_column("run", sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=True))
    # What is stored stays where it is, and becomes the partition of the runs without their own.
    for table, key in KEYS.items():
        op.execute(f"ALTER TABLE {table} RENAME TO {table}_rest")
        op.execute(f"ALTER INDEX {table}_pkey RENAME TO {table}_rest_pkey")
        op.execute(
            f"CREATE TABLE {table} (LIKE {table}_rest INCLUDING STORAGE) PARTITION BY LIST (run_id)"
        )
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY ({key})")
        op.execute(f"ALTER TABLE {table} ATTACH PARTITION {table}_rest DEFAULT")


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
