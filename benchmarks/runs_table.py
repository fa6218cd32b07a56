"""How fast the table of runs opens, sorts, filters and turns pages with 5,000 runs and with 50.

`python -m benchmarks.runs_table --scale 1`. Two databases of one server hold the same kind of runs:
eight hyperparameters, twelve scalars, findings of every third, an evaluation of each, snapshots of
none but the first. Each act is timed in both by turns, through the very functions that the page
calls (query, verdicts, rows as components, their JSON). The reference is the database of 50, all of
which match every filter: as many rows are drawn.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import Engine, insert, text

from app.views.runs.listing import listing
from app.views.runs.rows import USUAL, Order, State
from benchmarks.database import benchmark_engine
from benchmarks.report import Row, main, summary
from db.engine import read_scope
from db.models import Finding, Run, RunHealth, scalar_summary

MANY, FEW = 5_000, 50
REPEATS = 40
WARM_UP = 5
SCALARS = tuple(f"{part}_{what}" for part in ("train", "val") for what in
                ("loss", "acc", "f1", "auc", "top5_acc", "perplexity"))  # fmt: skip
COLUMNS = (*USUAL, "learning_rate", "optimizer", "best(val_acc)", "last(train_loss)", "duration")
ACTS = {
    "open": State(),
    "open with chosen columns": State(columns=COLUMNS),
    "sort by error": State(order=Order("error", False)),
    "sort by best(val_acc)": State(order=Order("best(val_acc)", True)),
    "filter by words": State("oak 7"),
    "filter": State("lr < 0.05 and tag:baseline and best(val_acc) > 0.5"),
    "filter by verdict": State("verdict = fault"),
    "next page": State(page=2),
    "last page of a sort": State(order=Order("learning_rate", True), page=10**5),
}

# What the heaviest acts ask, the ids of a page alone, as both databases understand it.
IDS = {
    "sort by best(val_acc)": """
        SELECT id FROM runs LEFT JOIN sums ON run_id = id AND name = 'val_acc'
        ORDER BY greatest DESC NULLS LAST, id DESC LIMIT 50""",
    "filter": """
        SELECT id, count(*) OVER () FROM runs JOIN sums ON run_id = id AND name = 'val_acc'
        WHERE rate < 0.05 AND tag = 'baseline' AND greatest > 0.5 ORDER BY id DESC LIMIT 50""",
}
# What a lake would hold of it.
TABLES = {
    "runs": "SELECT id, tags[1] AS tag, (hyperparameters->>'learning_rate')::float8 AS rate "
    "FROM run",
    "sums": "SELECT run_id, name, last, least, greatest FROM scalar_summary",
}


def fill(engine: Engine, number: int, *, alike: bool = False) -> None:
    """Store `number` runs, the same whenever it is called; `alike`: all match all of ACTS."""
    rng = np.random.default_rng(5)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    runs: list[dict[str, Any]] = []
    sums: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    health: list[dict[str, Any]] = []
    for at in range(1, number + 1):
        kind = 6 if alike else at
        runs.append(_run(at, kind, rng, begin + timedelta(minutes=at)))
        for name in SCALARS:
            low, last, high = np.sort(rng.random(3) / (1 + alike) + alike / 2).tolist()
            sums.append({"run_id": at, "name": name, "last_iteration": 1, "last": last,
                         "least": low, "greatest": high, "mean": last, "count": 3})  # fmt: skip
        severity = ("low", "medium", "high")[kind % 9 // 3]
        if kind % 3 == 0:
            findings += [
                {"run_id": at, "key": key, "rank": 1, "rule": "gap", "severity": severity,
                 "start_iteration": 1, "strength": 1.0, "text": "", "layers": [], "classes": [],
                 "filters": [], "chart": {}}
                for key in ("a", "b")
            ]  # fmt: skip
        health.append({"run_id": at, "snapshots": 1, "seconds": 0.1, "answers": {"answers": []}})
    with engine.begin() as connection:
        for table, rows in (
            (Run, runs),
            (scalar_summary, sums),
            (Finding, findings),
            (RunHealth, health),
        ):
            connection.execute(insert(table), rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _run(at: int, kind: int, rng: np.random.Generator, created: datetime) -> dict[str, object]:
    return {
        "uuid": uuid4(), "name": f"{('oak', 'elm', 'fir')[kind % 3]} 7{at}", "model": "resnet50",
        "dataset": "imagenet", "location": f"/logs/{at}", "state": "complete",
        "hyperparameters": {
            "learning_rate": float(rng.choice([0.1, 0.03, 0.01])) if kind == at else 0.03,
            "batch_size": 64, "seed": at,
            "optimizer": ("sgd", "adam")[at % 2], "momentum": 0.9, "weight_decay": 5e-4,
            "epochs": 120, "augment": True,
        },
        "manifest": {"name": "x" * 2_000}, "class_count": 10, "layer_count": 54,
        "image_count": 0, "filter_count": 27_560, "snapshot_count": 840, "last_iteration": 10**6,
        "last_error": float(rng.random()), "tags": [["baseline"], ["sweep"], []][kind % 3],
        "created_at": created, "ended_at": created + timedelta(hours=float(rng.random())),
    }  # fmt: skip


def look(engine: Engine, state: State) -> Callable[[], object]:
    """Return what the page does for a state: query, verdicts, rows, JSON."""

    def act() -> object:
        with read_scope(engine) as session:
            found = listing(session, state)
        rows = found.rows({run.id for run in found.page.rows})
        return json.dumps(rows, cls=PlotlyJSONEncoder)

    return act


def measure(scale: float) -> Iterator[Row]:
    """Time every act in both databases by turns, and count the statements of one."""
    with benchmark_engine() as few, benchmark_engine() as many:
        fill(few, FEW, alike=True)
        fill(many, max(FEW, round(MANY * scale)))
        for name, state in ACTS.items():
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(REPEATS + WARM_UP):
                for place, engine in enumerate((few, many)):
                    act = look(engine, state)
                    start = time.perf_counter()
                    act()
                    times[place].append((time.perf_counter() - start) * 1000)
            one, other = (summary(values[WARM_UP:]).p95 for values in times)
            holds = other <= 1.5 * one and other <= 250
            yield Row(f"{name}, p95", other, "ms", one, "1.5 x and 250 ms", holds)
            sent = _statements(many, state)
            yield Row(f"{name}: statements", sent, "", None, "3", sent <= 3)
        yield from _against_duckdb(many)


def _against_duckdb(engine: Engine) -> Iterator[Row]:
    """Time what the heaviest acts ask in both, by turns."""
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect() as lake,
        engine.connect() as own,
    ):
        for name, query in TABLES.items():
            rows = [dict(row._mapping) for row in own.execute(text(query))]
            path = Path(folder) / f"{name}.parquet"
            pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
            lake.execute(f"CREATE VIEW {name} AS FROM '{path}'")
            own.execute(text(f"CREATE TEMPORARY VIEW {name} AS {query}"))
        for name, query in IDS.items():
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(REPEATS + WARM_UP):
                start = time.perf_counter()
                own.execute(text(query)).fetchall()
                middle = time.perf_counter()
                lake.execute(query).fetchall()
                times[0].append((middle - start) * 1000)
                times[1].append((time.perf_counter() - middle) * 1000)
            ours, theirs = (summary(values[WARM_UP:]).p50 for values in times)
            yield Row(f"{name}, ids alone: PostgreSQL against DuckDB, p50", ours, "ms", theirs)


def _statements(engine: Engine, state: State) -> float:
    """Return what psycopg sends, whoever asks it to."""
    sent = []
    execute = psycopg.Cursor.execute

    def noting(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(query)
        return execute(self, query, *arguments, **options)

    psycopg.Cursor.execute = noting  # type: ignore[method-assign]
    try:
        look(engine, state)()
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
    return len(sent)


if __name__ == "__main__":
    main(__doc__, measure)
