"""Trackio's database: odd numbers, several runs, read without leaving a trace."""

import gzip
import json
import math
import os
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from deeptracker.conversion.readers import trackio
from deeptracker.conversion.readers.known import collect
from deeptracker.errors import LogError
from tests.deeptracker.hostile_files import refusal

STORED = Path(__file__).parents[1] / "data" / "trackers" / "trackio.db.gz"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The database that Trackio wrote; tests/data/trackers/README.md says how."""
    path = tmp_path / "store" / "p1.db"
    path.parent.mkdir()
    path.write_bytes(gzip.decompress(STORED.read_bytes()))
    return path


def ids(store: Path) -> dict[str, str]:
    return {run.name: run.id for run in trackio.runs(store.parent)}


def test_numbers_are_those_that_were_logged(store: Path) -> None:
    found = collect(store, ids(store)["one"])
    loss = found.values["train_loss"]
    assert math.isnan(loss[0])
    # The step that was logged twice has its last value, and the run was resumed behind it.
    assert {at: loss[at] for at in loss if at} == {10: 0.2, 11: 0.1}
    assert (found.values["up"][0], found.values["down"][0]) == (math.inf, -math.inf)
    assert [found.values[name][1] for name in ("nest > a", "nest.a", "nest/a")] == [1, 2, 3]
    assert found.dropped == {
        "a value that is not a number": 2,
        "an earlier value of the same iteration": 1,
    }
    assert found.hyperparameters == {}  # the resume took them away
    assert found.times[0] == found.times[10] < found.times[11]  # one time a batch


def test_steps_that_trackio_stores_as_bytes_are_read(store: Path) -> None:
    # As Trackio does with step=np.int64(100), and with the steps that it counts on from there:
    # findings/trackio_numpy_step_becomes_bytes.sh. Its driver is Python's, which makes the bytes.
    with sqlite3.connect(store) as database:
        (run,) = database.execute("SELECT DISTINCT run_id FROM metrics WHERE run_name = 'two'")
        put = (
            "INSERT INTO metrics (run_id, run_name, step, metrics, timestamp) "
            "VALUES (?, ?, ?, ?, ?)"
        )
        for step, loss in ((np.int64(100), 0.3), (np.int32(101), 0.2), (np.int64(-1), 0.1)):
            row = (*run, "two", step, json.dumps({"loss": loss}).encode(), "2026-01-01T00:00:00")
            database.execute(put, row)
        stored = [kind for (kind,) in database.execute("SELECT typeof(step) FROM metrics")]
    assert stored.count("blob") == 3
    found = collect(store, ids(store)["two"])
    assert found.values["train_loss"] == {0: 0.5, 100: 0.3, 101: 0.2}
    assert found.dropped["a row of Trackio that cannot be read"] == 1  # a step below 0 is none


def test_runs_of_all_projects_in_the_file(store: Path) -> None:
    assert list(ids(store)) == ["one", "two", "three"]
    with pytest.raises(LogError, match=r"holds 3 runs of Trackio; name one of them: .*\(two\)"):
        collect(store.parent)
    found = collect(store.parent, ids(store)["two"])
    assert found.hyperparameters == {"lr": 0.2, "opt": {"name": "adam"}}
    assert found.texts == {0: ["hot: the loss rises"]}
    assert found.histograms["weights"][0].counts.sum() == 10
    assert found.name == "two"
    assert trackio.find(store, "another") == []


def test_nothing_is_written_beside_it(store: Path) -> None:
    with sqlite3.connect(store) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()
    before = store.read_bytes()
    collect(store, ids(store)["one"])
    assert os.listdir(store.parent) == ["p1.db"]
    assert store.read_bytes() == before


def test_read_on_while_a_writer_holds_it(store: Path) -> None:
    run = ids(store)["two"]
    writer = sqlite3.connect(store, isolation_level=None)
    (reader,) = trackio.find(store, run)
    first = reader.read()
    assert reader.read() is first
    more = "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?, ?)"
    writer.execute(more, [run, "2026-01-01T00:00:00+00:00", "two", 7, b'{"loss":"NaN","acc":1}'])
    files = sorted(os.listdir(store.parent))
    assert files == ["p1.db", "p1.db-shm", "p1.db-wal"]
    second = reader.read()
    assert second is not first
    assert second.values["acc"] == {7: 1.0}
    assert list(second.values["train_loss"]) == [0, 7]
    assert sorted(os.listdir(store.parent)) == files
    # Copied while it was open: there is a journal, and nobody who holds it.
    copied = store.parent.parent / "copied"
    copied.mkdir()
    for name in ("p1.db", "p1.db-wal"):
        shutil.copy(store.parent / name, copied / name)
    assert collect(copied, run).values == second.values
    assert sorted(os.listdir(copied)) == ["p1.db", "p1.db-wal"]
    writer.close()


def test_a_damaged_database_is_refused_by_name(store: Path, tmp_path: Path) -> None:
    data, run = store.read_bytes(), ids(store)["one"]
    (reader,) = trackio.find(store, run)
    for end in (16, 100, 4_096, len(data) // 2):
        store.write_bytes(data[:end])
        refusal(reader.read, store)
        assert trackio.find(store.parent) == []  # among other files, it may be anybody's
    other = store.with_name("other.db")
    other.write_bytes(b"SQLite format 3\0" + bytes(4_096))
    with pytest.raises(LogError):
        trackio.find(other)


def test_a_view_in_place_of_a_table_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE VIEW metrics AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT i AS id, 'a' AS run_id, 'a' AS run_name, i AS step, '{}' AS metrics,"
            " '' AS timestamp FROM n"
        )
    database.close()
    assert trackio.runs(tmp_path) == []
