"""${message}

Rules for a migration:
- It runs in one transaction under a lock timeout of 4 s: retry rather than block the readers.
- Never import models or today's constants; write names and types out.
- Add columns as NULL or with a constant default; fill them in a migration of their own.
- An index on a large table needs CONCURRENTLY, in an autocommit block, alone in its migration.
- A new array column is bytea; say SET STORAGE EXTERNAL for it here.
- Keys of measurement tables begin with run_id; no foreign key crosses runs.
- The large tables (db.layout) may be partitioned, whole or spread over nodes: add, drop, rename or
  alter plain columns of them, add indexes, fill from constants; nothing else, no new arrays, no
  join (tests/migrations/test_both_layouts.py). What is new and large is a table of its own.
- There is no way down: a backup is the way back.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    raise NotImplementedError("There is no way down; restore a backup.")
