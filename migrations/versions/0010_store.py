"""Which store this is, and a stamp for every version of a run."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_RANDOM = sa.text("gen_random_uuid()")


def upgrade() -> None:
    op.create_table(
        "store",
        sa.Column("single", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("id", sa.Uuid(), server_default=_RANDOM, nullable=False),
        sa.CheckConstraint("single", name=op.f("store_single_check")),
        sa.PrimaryKeyConstraint("single", name="store_pkey"),
    )
    op.execute("INSERT INTO store DEFAULT VALUES")
    # NULL in rows of before, which are told apart by the id of the store: nothing is rewritten.
    op.add_column("run", sa.Column("stamp", sa.Uuid(), nullable=True))
    op.alter_column("run", "stamp", server_default=_RANDOM)


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
