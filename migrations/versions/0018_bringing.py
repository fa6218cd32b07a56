"""Uploads, looks at what lies at a place, and what a job's run is to be called."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ingest_job", sa.Column("title", sa.Text(), nullable=True))
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("files", JSONB(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        _created_at(),
        _of_account("upload", "owner_id"),
        sa.PrimaryKeyConstraint("id", name="upload_pkey"),
        sa.UniqueConstraint("folder", name="upload_folder_key"),
    )
    op.create_index("upload_created_at_idx", "upload", ["created_at"])
    op.create_index("upload_owner_id_idx", "upload", ["owner_id"])
    op.create_table(
        "ingest_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=True),
        _created_at(),
        sa.Column("answer", JSONB(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        _of_account("ingest_look", "requested_by"),
        sa.PrimaryKeyConstraint("id", name="ingest_look_pkey"),
    )
    op.create_index("ingest_look_created_at_idx", "ingest_look", ["created_at"])
    op.create_index("ingest_look_requested_by_idx", "ingest_look", ["requested_by"])


def _created_at() -> sa.Column:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
    )


def _of_account(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["account.id"], name=f"{table}_{column}_fkey", ondelete="SET NULL"
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
