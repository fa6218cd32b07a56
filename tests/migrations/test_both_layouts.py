"""New migrations run where the large tables are partitioned, and where they are whole or spread.

After `BEFORE` a migration does to a large table only what any layout bears: what nodes refuse was
tried on a cluster (docs/many-nodes.md). Here the statements are read, and run on the plain layout.
"""

import re

import pytest
from sqlalchemy import create_engine, event

from db import distribute, migrate
from db.layout import LARGE_NAMES
from db.partitions import is_partition
from tests.large_tables import joins_small
from tests.migrations.test_migrations import differences

# The last revision that was written before the large tables could be spread.
BEFORE = "0018"

_LARGE = rf'(?:public\.)?"?(?:{"|".join(LARGE_NAMES)})"?'
_ALLOWED = (
    rf"ALTER TABLE {_LARGE} (?:ADD|DROP|RENAME) COLUMN (?!.*\b(?:STORAGE|COMPRESSION|GENERATED)\b)",
    rf"ALTER TABLE {_LARGE} ALTER COLUMN \S+ (?:TYPE|(?:SET|DROP) (?:DEFAULT|NOT NULL))\b",
    rf"CREATE INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?\S+ ON {_LARGE} ",
    rf"(?:UPDATE|DELETE FROM|INSERT INTO) {_LARGE} ",
)


def forbidden(statement: str) -> bool:
    """Whether nodes may refuse a statement of a migration, or it supposes partitions."""
    one = " ".join(statement.split())
    words = re.findall(r"\w+", one)
    if any(is_partition(word) for word in words):
        return True
    if not set(words) & set(LARGE_NAMES):
        return False
    return joins_small(one) or not any(re.match(rule, one, re.IGNORECASE) for rule in _ALLOWED)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE filter_stat ADD COLUMN extra real",
        "ALTER TABLE layer_stat ALTER COLUMN mean TYPE double precision",
        "CREATE INDEX layer_stat_x ON layer_stat (run_id, mean)",
        "UPDATE class_result SET error = 0 WHERE error IS NULL",
        "ALTER TABLE snapshot ALTER COLUMN class_error SET STORAGE EXTERNAL",
        "CREATE TRIGGER t AFTER INSERT ON run EXECUTE FUNCTION f()",
        "ALTER TABLE run ADD COLUMN layer_statistic text",
    ],
)
def test_what_a_migration_may_do(statement):
    assert not forbidden(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE filter_stat ALTER COLUMN extra SET STORAGE EXTERNAL",
        "ALTER TABLE filter_stat ADD COLUMN extra bytea STORAGE EXTERNAL",
        "ALTER TABLE filter_stat ADD COLUMN extra real GENERATED ALWAYS AS (1) STORED",
        "CREATE TRIGGER t AFTER INSERT ON layer_stat EXECUTE FUNCTION f()",
        "ALTER TABLE class_result ADD CONSTRAINT k FOREIGN KEY (run_id) REFERENCES run (id)",
        "CREATE UNIQUE INDEX x ON filter_peak (iteration)",
        "ALTER TABLE layer_stat_rest ADD COLUMN extra real",
        "CREATE TABLE layer_stat_run_5 PARTITION OF layer_stat FOR VALUES IN (5)",
        "UPDATE class_result SET error = 0 FROM run WHERE run.id = run_id",
        "UPDATE run SET name = '' WHERE id IN (SELECT run_id FROM layer_stat)",
        "ALTER TABLE filter_stat RENAME TO filter_stats",
        "CREATE VIEW v AS SELECT * FROM filter_stat",
    ],
)
def test_what_a_migration_may_not_do(statement):
    assert forbidden(statement)


@pytest.fixture
def before(empty_database_url):
    """An engine on a database of the last revision before."""
    migrate.upgrade(empty_database_url, revision=BEFORE)
    engine = create_engine(empty_database_url)
    yield engine
    engine.dispose()


def test_new_migrations_run_on_both_layouts(before):
    distribute.distribute(before, plain=True)
    sent: list[str] = []
    event.listen(before, "before_cursor_execute", lambda *told: sent.append(told[2]))
    migrate.upgrade(before)
    assert migrate.is_current(before)
    assert [one for one in sent if forbidden(one) and not one.lstrip().startswith("SELECT")] == []
    assert differences(before) == []
