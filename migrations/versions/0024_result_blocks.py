"""A row of class_result holds the snapshots of a whole batch; what is stored already is read as is.

The error of a class stands in the snapshot's row, which has those of all classes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # NULL: the row is of one snapshot, as all were. Below 300 bytes: it never leaves the row.
    op.add_column("class_result", sa.Column("iterations", sa.LargeBinary(), nullable=True))
    op.drop_column("class_result", "error")


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
