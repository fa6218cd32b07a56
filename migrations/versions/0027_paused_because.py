"""A schedule that somebody or something else than its owner paused says why."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ingest_schedule", sa.Column("paused_because", sa.Text()))


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
