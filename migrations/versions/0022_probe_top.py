"""The validation images that activate each filter of a probed layer most; means over classes."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ARRAYS = ("image", "value", "place", "field", "classes", "mean", "low", "high")


def upgrade() -> None:
    op.create_table(
        "probe_top",
        *(
            sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)
            for name in ("run_id", "layer_id", "iteration")
        ),
        sa.Column("count", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ARRAYS),
        sa.PrimaryKeyConstraint("run_id", "layer_id", "iteration", name="probe_top_pkey"),
    )
    for name in ARRAYS:
        op.execute(f'ALTER TABLE probe_top ALTER COLUMN "{name}" SET STORAGE EXTERNAL')


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
