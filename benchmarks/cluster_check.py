"""What can be wrong with a cluster's layout: is it found, and does what `db check` says mend it?

`CITUS_SOURCE=/path/to/citus python -m benchmarks.cluster_check --scale 0.02`. Each fault is made on
a running cluster; after the remedy the run's rows have the same bytes as before. At the end the
cluster becomes one server and a cluster again, interrupted in between.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Engine

from benchmarks.citus import Cluster, cluster
from benchmarks.cluster import load, plain, rows_of
from benchmarks.make_log import write_log
from benchmarks.report import Row, main
from db import migrate
from db.distribute import distribute
from db.engine import make_engine
from db.layout import Layout, layouts
from db.layout_check import problems

# What is done to the cluster, what `db check` must say, and the remedy that it names; "" is
# `deeptracker db distribute`.
_FAULTS = (
    (
        "SELECT undistribute_table('layer_stat')",
        "layer_stat: not distributed as the other large tables are",
        "",
    ),
    (
        "SELECT alter_distributed_table('filter_peak', colocate_with => 'none')",
        "filter_peak does not lie with the other large tables",
        "SELECT alter_distributed_table('filter_peak', colocate_with => 'class_result')",
    ),
    (
        "SELECT alter_distributed_table('class_result', distribution_column => 'class_id')",
        "class_result is not distributed by the hash of run_id",
        "SELECT undistribute_table('class_result')",
    ),
    (
        "SELECT create_distributed_table('scalar_summary', 'run_id')",
        "scalar_summary is distributed, but",
        "SELECT undistribute_table('scalar_summary')",
    ),
    (
        "CREATE TABLE layer_stat_before (run_id integer)",
        "layer_stat_before: left by a conversion that was interrupted",
        "",
    ),
)


def measure(scale: float) -> Iterator[Row]:
    """Make each fault, ask, mend."""
    with (
        tempfile.TemporaryDirectory(prefix="deeptracker-cluster-") as name,
        cluster() as made,
        made.database() as url,
    ):
        engine = make_engine(plain(url), statement_timeout_ms=None)
        migrate.upgrade(engine)
        log = Path(name) / "run"
        write_log(log, scale=scale, name=log.name)
        run_id = load(engine, log)
        wanted = rows_of(engine, run_id)
        distribute(engine)
        for fault, said, remedy in _FAULTS:
            yield _fault(made, engine, fault, said)
            yield _mended(
                f"mended: {remedy or 'deeptracker db distribute'}",
                engine,
                lambda remedy=remedy: _mend(made, engine, remedy),  # type: ignore[misc]
                lambda: rows_of(engine, run_id) == wanted,
            )
        yield from _back_and_forth(engine, lambda: rows_of(engine, run_id) == wanted)
        engine.dispose()


def _fault(made: Cluster, engine: Engine, statement: str, said: str) -> Row:
    made.ask(made.nodes[0], str(engine.url.database), statement)
    with engine.connect() as connection:
        found = any(problem.startswith(said) for problem in problems(connection))
    return Row(f"found: {said}", float(found), "", None, "yes", found)


def _mend(made: Cluster, engine: Engine, remedy: str) -> None:
    if remedy:
        made.ask(made.nodes[0], str(engine.url.database), remedy)
    distribute(engine)


def _mended(what: str, engine: Engine, act: Callable[[], object], same: Callable[[], bool]) -> Row:
    start = time.perf_counter()
    act()
    seconds = time.perf_counter() - start
    with engine.connect() as connection:
        sound = not problems(connection)
    return Row(what, seconds, "s", None, "nothing found, rows equal", sound and same())


def _back_and_forth(engine: Engine, same: Callable[[], bool]) -> Iterator[Row]:
    yield _mended("one server again", engine, lambda: distribute(engine, plain=True), same)

    def stop(line: str) -> None:
        if line.startswith("layer_stat: run"):
            raise KeyboardInterrupt

    try:
        distribute(engine, on_line=stop)
    except KeyboardInterrupt:
        with engine.connect() as connection:
            mixed = set(layouts(connection).values()) == {Layout.PLAIN, Layout.DISTRIBUTED}
        whole = mixed and same()
        yield Row("half of it, interrupted", float(whole), "", None, "read as before", whole)
    yield _mended("the other half", engine, lambda: distribute(engine), same)


if __name__ == "__main__":
    main("cluster_check", measure)
