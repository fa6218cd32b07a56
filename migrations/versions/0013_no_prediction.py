"""How many images of each class had no prediction at a snapshot."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # NULL, as for what is stored already: logs said nothing of it until now.
    op.add_column("snapshot", sa.Column("class_no_prediction", sa.LargeBinary(), nullable=True))
    op.execute("ALTER TABLE snapshot ALTER COLUMN class_no_prediction SET STORAGE EXTERNAL")


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
