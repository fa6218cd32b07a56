"""Runs that ended early, on purpose: the state "stopped"."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("run_state_check"), "run", type_="check")
    op.create_check_constraint(
        op.f("run_state_check"), "run", "state IN ('recording', 'complete', 'stopped', 'failed')"
    )


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
