"""What in a probe spoke for a class: saliency maps of the predicted and of the true one."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ARRAYS = ("low", "high", "codes")


def upgrade() -> None:
    op.create_table(
        "probe_saliency",
        *_keys("run_id", "image_id", "iteration"),
        sa.Column("method", sa.Text(collation="C"), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ARRAYS),
        sa.PrimaryKeyConstraint(
            "run_id", "image_id", "iteration", "method", name="probe_saliency_pkey"
        ),
    )
    for name in ARRAYS:
        op.execute(f'ALTER TABLE probe_saliency ALTER COLUMN "{name}" SET STORAGE EXTERNAL')


def _keys(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), autoincrement=False, nullable=False) for name in names]


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
