"""What the network sees of a few validation images: maps of its layers, and its first kernels."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OF_PROBE = ("image_id", "prediction", "probability", "kernel_shape", "kernel", "kernel_scale")
OF_MAP = ("low", "high", "mean", "codes")


def upgrade() -> None:
    op.create_table(
        "probe",
        *_keys("run_id", "iteration"),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in OF_PROBE[:3]),
        sa.Column("kernel_layer", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in OF_PROBE[3:]),
        sa.PrimaryKeyConstraint("run_id", "iteration", name="probe_pkey"),
    )
    op.create_table(
        "probe_map",
        *_keys("run_id", "layer_id", "image_id", "iteration"),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in OF_MAP),
        sa.PrimaryKeyConstraint(
            "run_id", "layer_id", "image_id", "iteration", name="probe_map_pkey"
        ),
    )
    for table, names in (("probe", OF_PROBE), ("probe_map", OF_MAP)):
        for name in names:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN "{name}" SET STORAGE EXTERNAL')


def _keys(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), autoincrement=False, nullable=False) for name in names]


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
