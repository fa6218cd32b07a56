"""What a cluster of three nodes answers, and what it costs, against one server with the same runs.

`CITUS_SOURCE=/path/to/citus python -m benchmarks.cluster --scale 0.05`. Builds Citus where it was
not yet (`benchmarks.citus`), loads the same synthetic logs into both, and compares what every
look-up, report, export, purge and restore gives, byte by byte. All nodes are on this machine: the
ratios are what the way between them costs, not what many machines gain. `benchmarks.cluster_nodes`
adds, moves and loses nodes.
"""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from psycopg import sql
from sqlalchemy import URL, Engine, text
from sqlalchemy.orm import Session

from app.binary import reading
from app.export.report import gather, render
from app.export.whole import WRITERS, WholeRun
from benchmarks.citus import Cluster, cluster
from benchmarks.make_log import write_log
from benchmarks.queries import besides, look_ups
from benchmarks.report import Row, main, summary
from db import backup, migrate
from db.distribute import distribute
from db.engine import make_engine, session_scope
from db.layout import LARGE, LARGE_NAMES, Layout, layouts
from db.permissions import Role
from db.queries.measurements import (
    class_results,
    filter_history,
    filter_stats,
    layer_shapes,
    peaks,
    snapshots,
)
from db.queries.measurements.predictions import SnapshotPredictions
from db.queries.runs import compare, findings, run_upkeep, structure
from db.queries.team import accounts
from db.raw import raw_cursor
from ingest.pipeline import load_log
from ingest.purge import purge_run

REPEATS = 25
RUNS = 3


@dataclass(frozen=True)
class Pair:
    """The same store twice: on one server, and spread over the nodes."""

    alone: Engine
    spread: Engine

    def both(self, work: Callable[[Engine], Any]) -> tuple[tuple[Any, float], tuple[Any, float]]:
        """Do the same with each; return what came of it, and the seconds."""
        found = []
        for engine in (self.alone, self.spread):
            start = time.perf_counter()
            found.append((work(engine), time.perf_counter() - start))
        return found[0], found[1]

    def row(self, what: str, work: Callable[[Engine], Any]) -> tuple[Row, Any]:
        """Return how long the cluster takes against one server, and what came of it there."""
        (one, alone), (many, spread) = self.both(work)
        return Row(f"{what}, same result", spread, "s", alone, "equal", _same(one, many)), many


def measure(scale: float) -> Iterator[Row]:
    """Load, ask, report, delete, back up and restore, each on both."""
    with tempfile.TemporaryDirectory(prefix="deeptracker-cluster-") as name, cluster() as made:
        folder = Path(name)
        folder.chmod(0o755)
        with pair(made) as both:
            runs = []
            for number in range(RUNS):
                log = folder / f"run{number}"
                write_log(log, scale=scale, seed=number, name=log.name)
                row, run_id = both.row(f"load run {number + 1}", partial(load, log=log))
                runs.append(run_id)
                yield row
            for engine in (both.alone, both.spread):
                settle(engine)
            yield from _look_ups(both, runs[0])
            yield from _reports(both, runs[1], folder)
            yield from _purge(both, runs, folder / "run0")
            yield from _restored(made, both, runs[1], folder)


@contextmanager
def pair(made: Cluster) -> Iterator[Pair]:
    """Yield a plain and a spread database of one server's version, settings and machine."""
    with made.plain_database() as one, made.database() as many:
        alone, spread = (make_engine(plain(url), statement_timeout_ms=None) for url in (one, many))
        try:
            for engine in (alone, spread):
                migrate.upgrade(engine)
            distribute(spread)
            yield Pair(alone, spread)
        finally:
            alone.dispose()
            spread.dispose()


def plain(url: URL) -> str:
    """Return a URL as text."""
    return url.render_as_string(hide_password=False)


def settle(engine: Engine) -> None:
    """Do what a server does by itself within a minute."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def load(engine: Engine, log: Path) -> int:
    """Load a log; return the run's id."""
    report = load_log(engine, log)
    if report.bad:
        raise report.bad[0]
    return report.run_id


def every_look_up(session: Session, run_id: int) -> dict[str, Callable[[], Any]]:
    """Return each look-up of the large tables, besides those of `benchmarks.queries`."""
    key: dict[str, Any] = {"session": session, "run_id": run_id}
    iterations = snapshots.iterations(session, run_id=run_id)
    middle = int(iterations[len(iterations) // 2])
    layers = list(range(len(structure.layers(session, run_id=run_id))))
    several = iterations[:: max(1, len(iterations) // 5)].tolist()
    change: dict[str, Any] = {"quantity": "cosine_change"}
    return {
        **look_ups(session, run_id),
        **besides(session, run_id),
        "results of a snapshot": lambda: compare.results_at(iteration=middle, **key),
        "predictions of a snapshot": lambda: SnapshotPredictions(**key).at(middle),
        "last filters": lambda: findings.last_filters(snapshots=3, **change, **key),
        "peaks of all snapshots": lambda: peaks.all_peaks(**change, **key),
        "peaks of some": lambda: peaks.top_filters_at(iterations=several, **change, **key),
        "histograms": lambda: layer_shapes.layer_histograms(
            quantity="weight", layers=layers, snapshots=len(iterations), **key
        ),
        "bands": lambda: layer_shapes.layer_bands(layers=layers, snapshots=len(iterations), **key),
        "one filter's history": lambda: filter_history.filter_history(layer_id=3, filter=1, **key),
        "one filter's ranks": lambda: filter_history.filter_ranks(
            layer_id=3, filter=1, iterations=several, **change, **key
        ),
        "filters of a snapshot": lambda: filter_stats.filters_at(
            iteration=middle, layers=np.arange(3), filters=np.zeros(3, int), **change, **key
        ),
        "images of the last class": lambda: class_results.class_images(
            class_id=len(structure.classes(session, run_id=run_id)) - 1, **key
        ),
    }


def _look_ups(both: Pair, run_id: int) -> Iterator[Row]:
    """Compare every look-up, and time both by turns: other work counts for both alike."""
    with reading(both.alone) as one, reading(both.spread) as many:
        pairs = zip(
            every_look_up(one, run_id).items(), every_look_up(many, run_id).values(), strict=True
        )
        for (name, first), second in pairs:
            times: tuple[list[float], list[float]] = ([], [])
            same = True
            for _ in range(REPEATS):
                found = []
                for place, look_up in enumerate((first, second)):
                    start = time.perf_counter()
                    found.append(look_up())
                    times[place].append((time.perf_counter() - start) * 1000)
                same &= _same(*found)
            alone, spread = (summary(values[3:]).p50 for values in times)
            yield Row(f"{name}, p50", spread, "ms", alone, "equal", same)


def _reports(both: Pair, run_id: int, folder: Path) -> Iterator[Row]:
    yield both.row("report", lambda engine: report_of(engine, run_id))[0]

    def exported(engine: Engine) -> dict[str, str]:
        with tempfile.TemporaryDirectory(dir=folder) as name, reading(engine) as session:
            WRITERS["parquet"](WholeRun(session, run_id), Path(name))
            return digests(Path(name))

    yield both.row("export as Parquet", exported)[0]


def report_of(engine: Engine, run_id: int) -> str:
    """Return the run's report, as if written at one moment."""
    with reading(engine) as session:
        found = gather(session, run_id)
    return render(replace(found, written=datetime(2026, 1, 1, tzinfo=UTC)))


def rows_of(engine: Engine, run_id: int) -> dict[str, str]:
    """Return a digest of all rows of a run in each large table, as the server has them now.

    A report would not do: what a process knows of a run it keeps.
    """
    found = {}
    with Session(engine) as session, raw_cursor(session) as cursor:
        for table in LARGE:
            key = sql.SQL(", ").join(sql.Identifier(one.name) for one in table.primary_key)
            query = sql.SQL(
                "COPY (SELECT * FROM {} WHERE run_id = {} ORDER BY {}) TO STDOUT (FORMAT BINARY)"
            ).format(sql.Identifier(table.name), sql.Literal(run_id), key)
            digest = hashlib.sha256()
            with cursor.copy(query) as copied:
                for part in copied:
                    digest.update(part)
            found[table.name] = digest.hexdigest()
    return found


def digests(folder: Path) -> dict[str, str]:
    """Return a digest of each file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def _purge(both: Pair, runs: list[int], log: Path) -> Iterator[Row]:
    """Delete the first run; the others stay as they are, and a new one gets its room."""
    full = large_bytes(both.spread)
    row, gone = both.row("purge", lambda engine: _purged(engine, runs[0]))
    yield row
    if not gone:
        raise RuntimeError("the run was not there")
    yield both.row("report of another run", lambda engine: report_of(engine, runs[1]))[0]
    row, _ = both.row("load the run again", lambda engine: load(engine, log))
    yield row
    after = large_bytes(both.spread)
    bar = "at most 1.1 x: the room is used again"
    yield Row("bytes of the large tables", after / 1e6, "MB", full / 1e6, bar, after <= 1.1 * full)


def _purged(engine: Engine, run_id: int) -> bool:
    with session_scope(engine) as session:
        admin = accounts.add_account(session, email="a@example.org", role=Role.ADMIN)
        run_upkeep.trash(session, by=admin.id, run_id=run_id)
    return purge_run(engine, run_id=run_id)


def large_bytes(engine: Engine) -> int:
    """Return the bytes of the spread large tables on all nodes."""
    with engine.connect() as connection:
        size = text("SELECT citus_total_relation_size(CAST(:name AS regclass))")
        return sum(connection.scalar(size, {"name": name}) for name in LARGE_NAMES)


def _restored(made: Cluster, both: Pair, run_id: int, folder: Path) -> Iterator[Row]:
    """Restore the cluster's backup into one server and into a cluster: the report is the same."""
    file = folder / "cluster.backup"
    row, _ = both.row(
        "backup", lambda engine: backup.back_up(_fresh(file), url=plain(engine.url)) > 0
    )
    yield row
    wanted = report_of(both.spread, run_id)
    for what, place, layout in (
        ("one server", made.plain_database, Layout.PLAIN),
        ("a cluster", made.database, Layout.DISTRIBUTED),
    ):
        with place() as url:
            start = time.perf_counter()
            backup.restore(file, url=plain(url))
            seconds = time.perf_counter() - start
            engine = make_engine(plain(url))
            with engine.connect() as connection:
                kept = set(layouts(connection).values()) == {layout}
            same = kept and report_of(engine, run_id) == wanted
            engine.dispose()
            yield Row(f"restore into {what}", seconds, "s", None, "equal", same)


def _fresh(file: Path) -> Path:
    file.unlink(missing_ok=True)
    return file


def _same(one: Any, other: Any) -> bool:
    """Return whether two answers have the same bytes."""
    if isinstance(one, np.ndarray):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return bool(alike and one.tobytes() == other.tobytes())
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and all(
            _same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


if __name__ == "__main__":
    main("cluster", measure)
