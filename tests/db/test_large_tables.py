"""The watch over statements that join a large table with a small one sees them in every form."""

import pytest

from tests.large_tables import asks_twice, joins_small, tables_of

RESULT, CLASS = "class_result", "class"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM class AS c JOIN class_result AS r ON r.run_id = c.run_id",
        "SELECT 1 FROM class_result r, class c WHERE r.run_id = c.run_id",
        'SELECT 1\nFROM "class_result" WHERE run_id IN (SELECT id\nFROM "run")',
        "SELECT (SELECT count(*) FROM public.filter_stat) FROM public.run",
        "DELETE FROM layer_stat USING run WHERE run.id = layer_stat.run_id",
        "UPDATE run SET name = '' WHERE EXISTS (SELECT FROM filter_peak WHERE run_id = run.id)",
        "INSERT INTO layer_profile SELECT run_id FROM layer_stat",
        "SELECT images FROM class UNION ALL SELECT prediction FROM class_result",
        "WITH last AS (SELECT iteration FROM snapshot) SELECT 1 FROM filter_stat, last",
        "SELECT 1 FROM layer_stat_run_7 JOIN layer ON true",
        "SELECT filter_stat.run_id FROM filter_stat -- of a run\n LEFT OUTER JOIN layer ON true",
    ],
)
def test_a_join_is_seen(statement):
    assert joins_small(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT layer_id, filter FROM filter_peak WHERE run_id = 1",
        "SELECT class_result.run_id, class_result.class_id FROM class_result WHERE x = ', run'",
        "SELECT 1 FROM filter_stat JOIN layer_stat ON filter_stat.run_id = layer_stat.run_id",
        "SELECT 1 FROM run JOIN snapshot ON run.id = snapshot.run_id",
        "COPY class_result (run_id, class_id, iteration) FROM STDIN (FORMAT BINARY)",
        "SELECT q FROM unnest(%(all)s::text[]) AS q WHERE EXISTS (SELECT 1 FROM layer_stat)",
        "LOCK TABLE filter_stat, run IN SHARE MODE",
        "INSERT INTO run VALUES (1, 'a;b');\nINSERT INTO layer_stat VALUES (1);",
        "SELECT 1 FROM class_result /* joined with run, class in Python */",
    ],
)
def test_what_names_only_large_tables_or_none_is_none(statement):
    assert not joins_small(statement)


def test_partitions_and_quoted_names_are_tables():
    named = tables_of('SELECT 1 FROM filter_stat_rest, "class", alembic_version')
    assert named == {"filter_stat", "class"}


@pytest.mark.parametrize(
    ("statement", "twice"),
    [
        ("SELECT 1 FROM filter_stat JOIN layer_stat USING (run_id)", True),
        (
            "SELECT iteration FROM class_result WHERE class_id = "
            "(SELECT class_id FROM class_result LIMIT 1)",
            True,
        ),
        ("WITH a AS (SELECT 1 FROM filter_stat) SELECT 1 FROM layer_stat_run_7, a", True),
        ("SELECT 1 FROM filter_stat WHERE filter_stat.run_id = 1", False),
        ("SELECT 1 FROM filter_stat; SELECT 1 FROM filter_stat", False),
        ("INSERT INTO filter_stat SELECT * FROM filter_stat", False),
        ("SELECT 1 FROM run, snapshot", False),
    ],
)
def test_a_large_table_is_asked_once(statement, twice):
    assert asks_twice(statement) is twice
