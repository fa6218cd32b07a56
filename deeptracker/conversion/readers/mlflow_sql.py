"""A run in MLflow's database, when that is a file of SQLite's."""

import sqlite3
from pathlib import Path
from typing import Any

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import StoredRun
from deeptracker.conversion.readers.databases import columns, is_database, reading, written
from deeptracker.conversion.readers.mlflow_common import (
    MAX_ENTRIES,
    MAX_TEXT,
    MAX_VALUES,
    Values,
    settings,
    tags_of,
)
from deeptracker.errors import LogError

# So many rows are read at a time: a writer waits no longer than for these.
_ROWS = 50_000
MAX_RUNS = 100_000
_TABLES = ("experiments", "runs", "metrics", "params", "tags")
# SQLite lets anything into any column: what is no number, and what is far too long, is not fetched.
_METRICS = """
    SELECT rowid, substr("key", 1, 250),
        iif(typeof(step) IN ('integer', 'real'), step, NULL),
        iif(typeof(value) IN ('integer', 'real'), value, NULL),
        is_nan IN (1), iif(typeof(timestamp) = 'integer', timestamp, NULL)
    FROM metrics WHERE run_uuid = ? AND rowid > ? ORDER BY rowid LIMIT ?
"""
_PAIRS = """
    SELECT substr("key", 1, {most}), substr(value, 1, {most}) FROM {table}
    WHERE run_uuid = ? ORDER BY "key" LIMIT {entries}
"""
_BESIDE = {
    "a data set that MLflow names": "SELECT count(*) FROM inputs WHERE destination_id = ?",
    "a model of MLflow's": "SELECT count(*) FROM logged_models WHERE source_run_id = ?",
}


def is_store(path: Path) -> bool:
    """Say whether a file is a database of MLflow's; LogError where it is a damaged one."""
    if not is_database(path):
        return False
    with reading(path) as database:
        return _has_tables(database)


def _has_tables(database: sqlite3.Connection) -> bool:
    """Say whether MLflow's tables are there, as tables: a view could compute anything."""
    return all(columns(database, name) for name in _TABLES)


def runs_of_database(path: Path) -> list[StoredRun]:
    """Return the runs in a database that are not deleted, the newest first."""
    with reading(path) as database:
        rows = database.execute(
            "SELECT run_uuid, substr(runs.name, 1, 250), substr(experiments.name, 1, 250) "
            "FROM runs LEFT JOIN experiments USING (experiment_id) "
            "WHERE runs.lifecycle_stage = 'active' AND typeof(run_uuid) = 'text' "
            "AND length(run_uuid) <= 250 "
            "ORDER BY start_time DESC, run_uuid LIMIT ?",
            (MAX_RUNS,),
        ).fetchall()
    return [
        StoredRun(id, " / ".join(str(part) for part in (experiment, name) if part) or id)
        for id, name, experiment in rows
    ]


class SqlReader:
    """A run in MLflow's database. Rows that were read are not read again."""

    def __init__(self, path: Path, run: str) -> None:
        self.path = path
        self._run = run
        self._stat: tuple[Any, ...] | None = None
        self._values = Values()
        self._last = -(2**63)
        self._facts: tuple[Any, ...] | None = None
        self._found = Collected()

    def read(self) -> Collected:
        """Return all that the database holds of the run now; see Reader."""
        now = written(self.path)
        if now == self._stat and self._stat is not None:
            return self._found
        with reading(self.path) as database:
            if not _has_tables(database):
                raise LogError(self.path, "", "is no database of MLflow's")
            grown = self._read_values(database)
            facts = self._read_facts(database)
        if grown or facts != self._facts:
            self._found = self._gathered(*facts)
            self._facts = facts
        self._stat = now
        return self._found

    def _read_values(self, database: sqlite3.Connection) -> bool:
        """Read the rows that are new; all of them where some were taken away."""
        number = int(_one(database, "SELECT count(*) FROM metrics WHERE run_uuid = ?", self._run))
        if number > MAX_VALUES:
            raise LogError(self.path, "metrics", f"has more than {MAX_VALUES:,} values of the run")
        before = self._values.rows
        if number != before:
            self._read_pages(database)
            if self._values.rows < number or before > number:
                # Rows were deleted, or numbered anew by VACUUM.
                self._values, self._last = Values(), -(2**63)
                self._read_pages(database)
        return number != before

    def _read_pages(self, database: sqlite3.Connection) -> None:
        while True:
            rows = database.execute(_METRICS, (self._run, self._last, _ROWS)).fetchall()
            if rows:
                self._last = rows[-1][0]
                self._values.add(rows)
            if len(rows) < _ROWS:
                return

    def _read_facts(self, database: sqlite3.Connection) -> tuple[Any, ...]:
        """Return name and status, parameters, tags, and how much there is of what is not read."""
        row = database.execute(
            "SELECT substr(name, 1, 250), substr(status, 1, 20) FROM runs WHERE run_uuid = ?",
            (self._run,),
        ).fetchone()
        if row is None:
            raise LogError(self.path, "runs", f"has no run {self._run} (any more)")
        params, tags = (self._pairs(database, table) for table in ("params", "tags"))
        beside = {why: _count(database, query, self._run) for why, query in _BESIDE.items()}
        return row, params, tags, beside

    def _pairs(self, database: sqlite3.Connection, table: str) -> dict[str, str]:
        query = _PAIRS.format(table=table, most=MAX_TEXT, entries=MAX_ENTRIES)
        rows = database.execute(query, (self._run,))
        return {str(key): str(value) for key, value in rows if value is not None}

    def _gathered(
        self,
        row: tuple[Any, Any],
        params: dict[str, str],
        tags: dict[str, str],
        beside: dict[str, int],
    ) -> Collected:
        found = Collected(kinds=["MLflow"], files=[self.path.name])
        self._values.into(found)
        found.hyperparameters = settings(params)
        found.tags = tags_of(tags)
        found.name = str(row[0] or "")
        found.ended = row[1] not in ("RUNNING", "SCHEDULED")
        for why, times in beside.items():
            if times:
                found.drop(why, times)
        return found


def _one(database: sqlite3.Connection, query: str, run: str) -> Any:
    return database.execute(query, (run,)).fetchone()[0]


def _count(database: sqlite3.Connection, query: str, run: str) -> int:
    """Return a count; 0 where an older MLflow had no such table."""
    try:
        return int(_one(database, query, run))
    except sqlite3.OperationalError:
        return 0
