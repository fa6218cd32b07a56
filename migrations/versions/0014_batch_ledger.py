"""Which training images made the steps around a jump of the loss."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ARRAYS = (
    "step_iteration",
    "step_loss",
    "step_size",
    "index",
    "loss",
    "usual",
    "label",
)


def upgrade() -> None:
    op.create_table(
        "batch_ledger",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("iteration", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ARRAYS),
        sa.PrimaryKeyConstraint("run_id", "iteration", name="batch_ledger_pkey"),
    )
    for name in ARRAYS:
        op.execute(f'ALTER TABLE batch_ledger ALTER COLUMN "{name}" SET STORAGE EXTERNAL')


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
