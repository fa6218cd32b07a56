"""The last, least, greatest and mean value of every scalar; saved views of the table of runs."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Runs of before are summarised by a worker, or when more of them is loaded: reading all their
    # series here would keep a large store away for minutes.
    op.create_table(
        "scalar_summary",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(collation="C"), autoincrement=False, nullable=False),
        sa.Column("last_iteration", sa.Integer(), nullable=False),
        sa.Column("last", sa.Double(), nullable=False),
        sa.Column("least", sa.Double(), nullable=True),
        sa.Column("greatest", sa.Double(), nullable=True),
        sa.Column("mean", sa.Double(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", name="scalar_summary_pkey"),
    )
    op.create_table(
        "table_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="table_view_account_id_fkey", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="table_view_pkey"),
        sa.UniqueConstraint("name", name="table_view_name_key"),
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
