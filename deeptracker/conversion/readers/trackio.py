"""Trackio: the database of a project, with the metrics of its runs as JSON."""

import json
import math
import sqlite3
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import Reader, StoredRun, databases, files_below
from deeptracker.conversion.readers.nested import histogram_of, leaves, owners
from deeptracker.conversion.readers.record_stores import several
from deeptracker.conversion.readers.series_names import SeriesNames
from deeptracker.conversion.readers.settings import cut
from deeptracker.errors import LogError

_COLUMNS = frozenset({"id", "run_id", "run_name", "step", "metrics", "timestamp"})
# Numbers that JSON has no way to write.
_TEXTS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return the reader of a run; LogError where there are several and none is named."""
    found = _stored(folder)
    if run is None and len(found) > 1:
        names = [f"{one.id} ({one.name})" for one in found]
        raise LogError(folder, "", several("Trackio", names))
    return [
        MetricsReader(path, one.id) for one, path in found.items() if run is None or one.id == run
    ]


def runs(folder: Path) -> list[StoredRun]:
    """Return the runs in the databases of a folder and below; a single one is the folder's own."""
    found = _stored(folder)
    return list(found) if len(found) > 1 else []


def _stored(folder: Path) -> dict[StoredRun, Path]:
    files = [folder] if folder.is_file() else files_below(folder)
    found: dict[StoredRun, Path] = {}
    for path in files:
        if (path == folder or path.suffix == ".db") and databases.is_database(path):
            try:
                found.update(dict.fromkeys(_runs_in(path), path))
            except LogError:
                if path == folder:
                    raise  # among others, it may be anybody's
    return found


def _runs_in(path: Path) -> list[StoredRun]:
    """Return the runs in a database, none where it is not Trackio's."""
    with databases.reading(path) as database:
        if not databases.columns(database, "metrics") >= _COLUMNS:
            return []
        rows = database.execute(
            "SELECT run_id, max(run_name) FROM metrics GROUP BY run_id ORDER BY min(id)"
        )
        return [StoredRun(str(run), str(name)) for run, name in rows]


class MetricsReader:
    """The rows of a run, each of which is read once."""

    def __init__(self, path: Path, run: str) -> None:
        self.path, self._run = path, run
        self._names = SeriesNames()
        self._found = self._answer = Collected(kinds=["Trackio"])
        self._written: tuple[int, ...] | None = None
        self._next = 0

    def read(self) -> Collected:
        """Return all that the database holds now; see Reader."""
        now = databases.written(self.path)
        if now != self._written:
            with databases.reading(self.path) as database:
                self._rows(database)
                dropped = self._found.dropped | self._measured(database)
                settings, texts = self._settings(database, dropped), self._alerts(database)
                answer = replace(
                    self._found, hyperparameters=settings, texts=texts, dropped=dropped
                )
            self._answer, self._written = answer, now
        return self._answer

    def _rows(self, database: sqlite3.Connection) -> None:
        rows = database.execute(
            "SELECT id, step, timestamp, run_name, metrics FROM metrics "
            "WHERE run_id = ? AND id >= ? ORDER BY id",
            [self._run, self._next],
        )
        for number, stored, when, name, metrics in rows:
            self._next = number + 1
            self._found.name = str(name)
            row, step = _object(metrics), _step(stored)
            if row is None or step is None or step < 0:
                self._found.drop("a row of Trackio that cannot be read")
                continue
            try:
                self._row(step, row)
            except ValueError:
                self._found.drop("a row of Trackio that cannot be read")
            if (time := _seconds(when)) is not None:
                # Trackio notes when it wrote a batch of rows, not when each was measured.
                self._found.times[step] = time

    def _row(self, step: int, row: dict[str, Any]) -> None:
        values = dict(leaves((), row))
        typed = owners(values)
        self._names.learn(values)
        for owner, kind in typed.items():
            shape = histogram_of(values, owner) if kind == "trackio.histogram" else None
            if shape is None:
                self._found.drop(f"an object of the kind {kind}")
            else:
                self._found.histograms.setdefault(self._names[owner], {})[step] = shape
        for path, value in values.items():
            if any(path[:length] in typed for length in range(1, len(path))):
                continue
            if isinstance(value, str):
                value = _TEXTS.get(value, value)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self._found.add(self._names[path], step, float(value))
            else:
                self._found.drop("a value that is not a number")

    def _settings(self, database: sqlite3.Connection, dropped: dict[str, int]) -> dict[str, Any]:
        """Return the configuration without what Trackio adds to it."""
        if not databases.columns(database, "configs") >= {"run_id", "config"}:
            return {}
        query = "SELECT config FROM configs WHERE run_id = ?"
        found = database.execute(query, [self._run]).fetchone()
        config = _object(found[0]) if found else None
        return cut({n: v for n, v in (config or {}).items() if not n.startswith("_")}, dropped)

    def _alerts(self, database: sqlite3.Connection) -> dict[int, list[str]]:
        if not databases.columns(database, "alerts") >= {"run_id", "step", "title", "text"}:
            return {}
        found: dict[int, list[str]] = {}
        query = "SELECT step, title, text FROM alerts WHERE run_id = ? ORDER BY id LIMIT 10000"
        for step, title, text in database.execute(query, [self._run]):
            told = ": ".join(str(part) for part in (title, text) if part)
            found.setdefault(_step(step) or 0, []).append(told)
        return found

    def _measured(self, database: sqlite3.Connection) -> dict[str, int]:
        if "run_id" not in databases.columns(database, "system_metrics"):
            return {}
        query = "SELECT count(*) FROM system_metrics WHERE run_id = ?"
        (number,) = database.execute(query, [self._run]).fetchone()
        return {"a measurement of the machine": number} if number else {}


def _object(raw: object) -> dict[str, Any] | None:
    """Return a JSON object that is stored as bytes or as text, None where it is none."""
    try:
        found = json.loads(raw) if isinstance(raw, (bytes, str)) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _step(stored: object) -> int | None:
    """Return a step, None where it is none.

    SQLite takes an integer of numpy for bytes, so Trackio stores `step=np.int64(100)` as those of
    the number, little end first, and all steps that it counts on from there.
    """
    if isinstance(stored, bytes) and len(stored) in (1, 2, 4, 8):
        return int.from_bytes(stored, "little", signed=True)
    return stored if isinstance(stored, int) else None


def _seconds(when: object) -> float | None:
    try:
        return datetime.fromisoformat(str(when)).timestamp()
    except (ValueError, OverflowError):
        return None
