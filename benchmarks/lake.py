"""Questions over many runs: DuckDB over the lake against the same in PostgreSQL.

`python -m benchmarks.lake --scale 1`: 200 small runs of one sweep (60 snapshots, 8 layers, 10
classes), loaded from logs and written to a lake in a temporary folder. Each question is asked of
both by turns, and both answers are compared. The reference is PostgreSQL: columns of its tables
where it has them, `unpack` over its arrays for scalars.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, text

from benchmarks.database import benchmark_engine
from benchmarks.many_runs import load_sweep
from benchmarks.report import Row, main, summary
from deeptracker import lake
from ingest.lake.keeping import Lake
from ingest.lake.places import Folder

RUNS = 200
REPEATS = 15
WARM_UP = 2
# What is asked: in DuckDB, and in PostgreSQL. NaN is left out in both.
QUESTIONS = {
    "least training loss of each run": (
        "SELECT run_id, min(value) FROM scalars WHERE name = 'train_loss' AND isfinite(value) "
        "GROUP BY run_id ORDER BY run_id",
        "SELECT run_id, min(v) FROM scalar, unnest(unpack(\"values\", 'f8')) AS v "
        "WHERE name = 'train_loss' AND v < 'Infinity' GROUP BY run_id ORDER BY run_id",
    ),
    "largest gradient of each run and layer": (
        "SELECT run_id, layer_id, max(l2) FROM layers WHERE quantity = 'gradient' "
        "AND isfinite(l2) GROUP BY run_id, layer_id ORDER BY run_id, layer_id",
        "SELECT run_id, layer_id, max(l2) FROM layer_stat WHERE quantity = 'gradient' "
        "AND l2 < 'Infinity' GROUP BY run_id, layer_id ORDER BY run_id, layer_id",
    ),
    "mean error of each class at the end of all runs": (
        "SELECT class_id, avg(error) FROM (SELECT run_id, class_id, arg_max(error, iteration) "
        "AS error FROM class_errors WHERE isfinite(error) GROUP BY run_id, class_id) "
        "GROUP BY class_id ORDER BY class_id",
        "SELECT class_id, avg(error) FROM (SELECT DISTINCT ON (run_id, class_id) class_id, error "
        "FROM snapshot, unnest(unpack(class_error, 'f4')) WITH ORDINALITY AS e (error, place), "
        "LATERAL (SELECT (place - 1)::integer AS class_id) AS c WHERE error < 'Infinity' "
        "ORDER BY run_id, class_id, iteration DESC) AS e "
        "GROUP BY class_id ORDER BY class_id",
    ),
    "scalars of one run": (
        "SELECT name, count(*), max(value) FROM scalars WHERE run_id = 7 AND isfinite(value) "
        "AND name = 'train_loss' GROUP BY name",
        "SELECT name, count(*), max(v) FROM scalar, unnest(unpack(\"values\", 'f8')) AS v "
        "WHERE run_id = 7 AND v < 'Infinity' AND name = 'train_loss' GROUP BY name",
    ),
}


def measure(scale: float) -> Iterator[Row]:
    """Load the runs, write the lake, ask."""
    count = max(10, round(RUNS * scale))
    with benchmark_engine() as engine, tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        load_sweep(engine, Path(folder) / "runs", count=count)
        loaded = (time.perf_counter() - begun) / count * 1000
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        yield from _written(engine, Path(folder) / "lake", count, loaded)
        yield from _asked(engine, Path(folder) / "lake")


def _written(engine: Engine, folder: Path, count: int, loaded: float) -> Iterator[Row]:
    kept = Lake(engine, Folder(folder))
    begun = time.perf_counter()
    done = kept.sync()
    seconds = time.perf_counter() - begun
    assert done.written == count
    yield Row("write the set of a run, against its log's making and load", seconds / count * 1000,
              "ms", loaded)  # fmt: skip
    begun = time.perf_counter()
    kept.sync()
    yield Row(f"look that {count:,} sets are there", (time.perf_counter() - begun) * 1000, "ms")
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    with engine.connect() as connection:
        whole = connection.scalar(text("SELECT pg_database_size(current_database())"))
    assert whole is not None
    yield Row("size of a set, against the database's of a run", size / count / 2**20, "MiB",
              whole / count / 2**20)  # fmt: skip
    begun = time.perf_counter()
    lake.connect(folder).close()
    yield Row("connect", (time.perf_counter() - begun) * 1000, "ms")


def _asked(engine: Engine, folder: Path) -> Iterator[Row]:
    with lake.connect(folder) as ours, engine.connect() as theirs:
        for what, (duck, postgres) in QUESTIONS.items():
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(REPEATS + WARM_UP):
                begun = time.perf_counter()
                found: list[Any] = ours.execute(duck).fetchall()
                between = time.perf_counter()
                expected = theirs.execute(text(postgres)).fetchall()
                times[0].append((between - begun) * 1000)
                times[1].append((time.perf_counter() - between) * 1000)
            _compare(found, [tuple(row) for row in expected])
            mine, reference = (summary(values[WARM_UP:]).p50 for values in times)
            yield Row(f"{what}, p50", mine, "ms", reference)


def _compare(found: list[Any], expected: list[Any]) -> None:
    """Raise AssertionError where two answers differ by more than the order of a sum does."""
    assert len(found) == len(expected) > 0
    for mine, theirs in zip(found, expected, strict=True):
        assert mine[:-1] == theirs[:-1]
        np.testing.assert_allclose(float(mine[-1]), float(theirs[-1]), rtol=1e-5)


if __name__ == "__main__":
    main(__doc__, measure)
