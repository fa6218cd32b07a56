"""The tables and functions of the job queue, as procrastinate 3.10 makes them."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A copy of its SQL, so that this migration stays what it is; a newer procrastinate's changes come
# with a migration of their own.
SQL = Path(__file__).parents[1] / "sql" / "procrastinate_3_10.sql"


def upgrade() -> None:
    # Many statements, and percent signs that are no parameters: the driver takes them as they are.
    driver = op.get_bind().connection.driver_connection
    driver.execute(SQL.read_text(encoding="utf-8"))


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
