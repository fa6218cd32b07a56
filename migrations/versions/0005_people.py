"""Audit, API tokens and further logins of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def when(name: str, *, now: bool = False) -> sa.Column:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=not now)


def refers(table: str, column: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["account.id"], name=f"{table}_{column}_fkey", ondelete=on_delete
    )


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        when("created_at", now=True),
        when("expires_at"),
        when("last_used_at"),
        when("revoked_at"),
        refers("api_token", "account_id", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="api_token_pkey"),
        sa.UniqueConstraint("token_hash", name="api_token_token_hash_key"),
    )
    op.create_index("api_token_account_id_idx", "api_token", ["account_id"])
    op.create_table(
        "account_identity",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        when("created_at", now=True),
        refers("account_identity", "account_id", "CASCADE"),
        sa.PrimaryKeyConstraint("issuer", "subject", name="account_identity_pkey"),
    )
    op.create_index("account_identity_account_id_idx", "account_identity", ["account_id"])
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), nullable=False),
        when("at", now=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        refers("audit", "actor_id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="audit_pkey"),
    )
    op.create_index("audit_actor_id_id_idx", "audit", ["actor_id", "id"])


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
