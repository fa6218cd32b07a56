"""A node is added, moved from, removed and lost, and a run gets a shard of its own: what is asked?

`CITUS_SOURCE=/path/to/citus python -m benchmarks.cluster_nodes --scale 0.02`. After every step the
report of each run has the same bytes as before. The statements are those of docs/many-nodes.md.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from benchmarks.citus import Cluster, Node, cluster
from benchmarks.cluster import load, plain, rows_of
from benchmarks.make_log import write_log
from benchmarks.report import Row, main
from db import migrate
from db.distribute import distribute
from db.engine import make_engine
from db.layout_check import problems

RUNS = 4


def measure(scale: float) -> Iterator[Row]:
    """Take a coordinator with two nodes through what happens to a cluster."""
    with (
        tempfile.TemporaryDirectory(prefix="deeptracker-cluster-") as name,
        cluster(nodes=4) as made,
        made.database(nodes=3) as url,
    ):
        engine = make_engine(plain(url), statement_timeout_ms=None)
        migrate.upgrade(engine)
        distribute(engine)
        runs = []
        for number in range(RUNS):
            log = Path(name) / f"run{number}"
            write_log(log, scale=scale, seed=number, name=log.name)
            runs.append(load(engine, log))
        yield from _Steps(made, engine, runs).take()
        engine.dispose()


class _Steps:
    """The steps, one after the other; `rows` is what every run's rows are before them."""

    def __init__(self, cluster: Cluster, engine: Engine, runs: list[int]) -> None:
        self._cluster, self._engine, self._runs = cluster, engine, runs
        self._rows = {run: rows_of(engine, run) for run in runs}

    def take(self) -> Iterator[Row]:
        """Yield a row for each step: its seconds, and whether all is as it was."""
        first, second, third = self._cluster.nodes[1:]
        database = str(self._engine.url.database)
        yield self._step("add a node", lambda: self._cluster.join(third, database))
        yield self._step("spread onto it (rebalance)", self._rebalance)
        yield self._holds("shards on the new node", self._shards(third))
        yield self._step("a shard of its own for a run", self._isolate)
        yield self._step("move everything off a node (drain)", lambda: self._drain(first))
        yield self._holds("shards left on it", self._shards(first), none=True)
        yield self._step("remove it", lambda: self._do(f"SELECT citus_remove_node({_at(first)})"))
        yield from self._lose(second if self._is_on(self._runs[0], second) else third)

    def _step(self, what: str, act: Callable[[], object]) -> Row:
        start = time.perf_counter()
        act()
        seconds = time.perf_counter() - start
        return Row(what, seconds, "s", None, "rows equal, check finds nothing", self._sound())

    def _sound(self) -> bool:
        with self._engine.connect() as connection:
            found = problems(connection)
        return not found and self._rows == {run: rows_of(self._engine, run) for run in self._runs}

    def _holds(self, what: str, shards: int, *, none: bool = False) -> Row:
        return Row(what, shards, "", None, "none" if none else "some", (shards == 0) == none)

    def _lose(self, node: Node) -> Iterator[Row]:
        """Stop a node: its runs fail, the others answer, `db check` names it; it comes back."""
        lost = [run for run in self._runs if self._is_on(run, node)]
        self._cluster.stop(node)
        self._engine.dispose()
        failed = []
        for run in self._runs:
            try:
                if rows_of(self._engine, run) != self._rows[run]:
                    raise RuntimeError(f"run {run} has other rows")
            except OperationalError:
                failed.append(run)
        same = failed == lost
        yield Row("runs that fail without it", len(failed), "", len(lost), "those on it", same)
        with self._engine.connect() as connection:
            named = any(f":{node.port}" in problem for problem in problems(connection))
        yield Row("db check names the lost node", float(named), "", None, "yes", named)
        yield self._step("start it again", lambda: self._cluster.start(node))

    def _rebalance(self) -> None:
        self._do("SELECT rebalance_table_shards()")

    def _isolate(self) -> None:
        self._do(f"SELECT isolate_tenant_to_new_shard('filter_stat', {self._runs[0]}, 'CASCADE')")

    def _drain(self, node: Node) -> None:
        self._do(f"SELECT citus_drain_node({_at(node)})")

    def _shards(self, node: Node) -> int:
        count = f"SELECT count(*) FROM citus_shards WHERE nodeport = {node.port}"
        return int(str(self._do(count)[0][0]))

    def _is_on(self, run: int, node: Node) -> bool:
        shard = f"get_shard_id_for_distribution_column('filter_stat', {run})"
        where = f"SELECT nodeport FROM citus_shards WHERE shardid = {shard}"
        return self._do(where)[0][0] == node.port

    def _do(self, statement: str) -> list[tuple[object, ...]]:
        return self._cluster.ask(self._cluster.nodes[0], str(self._engine.url.database), statement)


def _at(node: Node) -> str:
    return f"'127.0.0.1', {node.port}"


if __name__ == "__main__":
    main("cluster_nodes", measure)
