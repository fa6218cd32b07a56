"""What the real MLflow left in its database and its folder is read as it was meant."""

import math
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from torch.utils.tensorboard import SummaryWriter

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import mlflow, mlflow_sql
from deeptracker.conversion.readers.known import collect
from deeptracker.errors import LogError
from ingest.sources.scalars import only_run


@pytest.fixture(scope="module")
def client_of() -> Iterator:
    """A client of MLflow for an address; it neither reports home nor refuses a folder."""
    kept = dict(os.environ)
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}
    from mlflow import MlflowClient

    yield MlflowClient
    os.environ.clear()
    os.environ.update(kept)


def log_run(client, *, ended: bool = True, odd_step: bool = False) -> str:
    """Log what is hard to keep, and return the id of the run."""
    from mlflow.entities import Metric

    run = client.create_run("0", run_name="it's a: run", tags={"team": "vision"}).info.run_id
    values = [(0.5, 1), (0.25, 2), (math.nan, 3), (math.inf, 4), (-math.inf, 5), (2.0, 2), (2.0, 2)]
    for value, step in values:
        client.log_metric(run, "loss", value, timestamp=1_000_000 + step, step=step)
    if odd_step:
        client.log_metric(run, "loss", 9.0, timestamp=1, step=1.5)
    client.log_metric(run, "loss", 9.0, timestamp=1, step=-1)
    client.log_batch(run, [Metric("val/accuracy", at / 8, 2_000_000, at) for at in range(9)])
    for name, value in {"lr": 0.1, "layers": 18, "amp": True, "resume": None, "name": "r"}.items():
        client.log_param(run, name, value)
    client.set_tag(run, "mlflow.note.content", "a note")
    if ended:
        client.set_terminated(run)
    return run


@pytest.fixture(scope="module")
def database(client_of, tmp_path_factory) -> tuple[Path, str]:
    """A database of MLflow's with one run; tests that change it take a copy."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    return path, log_run(client_of(f"sqlite:///{path}"), odd_step=True)


def read(place: Path, run: str | None = None) -> Collected:
    (reader,) = mlflow.find(place, run)
    return reader.read()


def check(found: Collected, *, infinite: float = math.inf) -> None:
    loss = found.values["train_loss"]
    assert loss.keys() == {1, 2, 3, 4, 5}
    assert (loss[1], loss[2], loss[4], loss[5]) == (0.5, 2, infinite, -infinite)
    assert math.isnan(loss[3])
    assert found.values["val/accuracy"] == {at: at / 8 for at in range(9)}
    assert found.hyperparameters == {
        "lr": 0.1, "layers": 18, "amp": True, "resume": None, "name": "r"
    }  # fmt: skip
    assert found.tags == ("team: vision",)
    assert found.name == "it's a: run"
    assert found.ended is True
    assert found.kinds == ["MLflow"]
    assert found.times[3] in (1_000.003, 2_000)


def test_database(database: tuple[Path, str]) -> None:
    path, run = database
    for place in (path, path.parent):
        found = read(place)
        check(found)
        assert found.dropped == {
            "an earlier value of the same iteration": 1,  # MLflow dropped the exact repetition
            "a value of MLflow's at a step that is no whole number": 1,
            "a value of MLflow's at a step below 0, or beyond all counting": 1,
        }
        assert [(one.id, one.name) for one in mlflow.runs(place)] == [
            (run, "Default / it's a: run")
        ]
    assert os.listdir(path.parent) == ["mlflow.db"]


def test_folder(client_of, tmp_path: Path) -> None:
    store = tmp_path / "mlruns"
    client = client_of(str(store))
    run = log_run(client, ended=False)
    client.log_text(run, "x", "model.txt")
    (reader,) = mlflow.find(tmp_path)
    found = reader.read()
    assert found.ended is False
    assert reader.read() is found
    client.set_terminated(run)
    found = reader.read()
    check(found)
    assert found.dropped == {
        "an earlier value of the same iteration": 1,
        "a value of MLflow's at a step below 0, or beyond all counting": 1,
        "a file that MLflow keeps with the run": 1,
    }
    for place in (store, store / "0", store / "0" / run):
        check(read(place))
    # Half a line is completed later.
    path = store / "0" / run / "metrics" / "loss"
    for text, there in (("7 1.5", False), (" 9", False), ("\n", True), ("7 2.5 10 m d\n", True)):
        with path.open("a") as file:
            file.write(text)
        loss = reader.read().values["train_loss"]
        assert (9 in loss) == there
    assert (loss[9], loss[10]) == (1.5, 2.5)
    # A line that is none is counted, a file that shrank is read anew.
    path.write_text("1 x 1\n1 4.5 7\n")
    found = reader.read()
    assert found.values["train_loss"] == {7: 4.5}
    assert found.dropped["a line of MLflow's that is no value"] == 1


def test_what_is_deleted_is_no_run_and_several_have_to_be_chosen_from(
    client_of, database, tmp_path: Path
) -> None:
    path = tmp_path / "mlflow.db"
    shutil.copy(database[0], path)
    client = client_of(f"sqlite:///{path}")
    second = client.create_run(client.create_experiment("other"), run_name="b").info.run_id
    client.log_metric(second, "loss", 3.0, step=1)
    assert [one.name for one in mlflow.runs(path)] == ["other / b", "Default / it's a: run"]
    with pytest.raises(LogError, match=r"holds 2 runs of MLflow; name one of them: .*\(other / b"):
        mlflow.find(path)
    assert read(path, second).values == {"train_loss": {1: 3}}
    assert mlflow.find(path, "../x") == []
    client.delete_run(second)
    assert read(path).name == "it's a: run"


def test_the_only_runs_of_two_tools_are_one(database, tmp_path: Path) -> None:
    copied(database, tmp_path)
    with SummaryWriter(str(tmp_path / "logs")) as writer:
        writer.add_scalar("norm", 0.5, 1)
    assert only_run(tmp_path) is None
    found = collect(tmp_path)
    assert {"train_loss", "norm"} <= found.values.keys()
    assert found.kinds == ["MLflow", "TensorBoard"]
    assert found.files[0] == "mlflow.db"


def copied(database: tuple[Path, str], folder: Path) -> tuple[Path, str]:
    shutil.copy(database[0], folder / "mlflow.db")
    return folder / "mlflow.db", database[1]


def insert(connection: sqlite3.Connection, run: str, step: object, value: object) -> None:
    connection.execute(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) "
        "VALUES ('more', ?, 5, ?, ?, 0)",
        (value, run, step),
    )


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_while_it_is_written(database, tmp_path: Path, monkeypatch, mode: str) -> None:
    """The rows of MLflow's tables, written as its writers commit them, in both modes of SQLite."""
    monkeypatch.setattr(mlflow_sql, "_ROWS", 3)  # several parts
    path, run = copied(database, tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer:
        writer.execute(f"PRAGMA journal_mode = {mode}")
        (reader,) = mlflow.find(path)
        found = reader.read()
        check(found)
        assert reader.read() is found
        insert(writer, run, 1, 0.5)
        assert reader.read().values["more"] == {1: 0.5}
        writer.execute("BEGIN IMMEDIATE")
        insert(writer, run, 2, 0.25)
        before = sorted(os.listdir(tmp_path))
        assert reader.read().values["more"] == {1: 0.5}  # what is not committed is not there
        assert sorted(os.listdir(tmp_path)) == before
        writer.execute("COMMIT")  # and nobody held it up
        assert reader.read().values["more"] == {1: 0.5, 2: 0.25}
        # What is deleted, and what VACUUM numbers anew.
        writer.execute("DELETE FROM metrics WHERE key = 'loss'")
        writer.execute("VACUUM")
        insert(writer, run, 3, 1.0)
        now = reader.read()
        assert "train_loss" not in now.values
        assert now.values["more"] == {1: 0.5, 2: 0.25, 3: 1}
        # A copy taken meanwhile, with and without what readers share.
        for names in (
            ("mlflow.db", "mlflow.db-wal", "mlflow.db-shm"),
            ("mlflow.db", "mlflow.db-wal"),
        ):
            folder = tmp_path / str(len(names))
            folder.mkdir()
            for name in names:
                if (tmp_path / name).exists():
                    shutil.copy(tmp_path / name, folder)
            before = sorted(os.listdir(folder))
            assert len(read(folder / "mlflow.db").values["more"]) == 3
            assert sorted(os.listdir(folder)) == before
    assert reader.read().values["more"] == now.values["more"]
    assert [name for name in os.listdir(tmp_path) if "mlflow" in name] == ["mlflow.db"]


def test_a_writer_that_was_cut_off(database, tmp_path: Path) -> None:
    """Its half of a write is taken back in a copy, and stays where it is."""
    path, run = copied(database, tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 2")
        writer.execute("BEGIN")
        writer.execute("UPDATE metrics SET value = value + 100")
        for step in range(20_000):
            insert(writer, run, step, 1.0)
        folder = tmp_path / "cut"
        folder.mkdir()
        for name in ("mlflow.db", "mlflow.db-journal"):
            shutil.copy(tmp_path / name, folder)
        writer.execute("ROLLBACK")
    before = (folder / "mlflow.db").read_bytes()
    check(read(folder / "mlflow.db"))
    assert (folder / "mlflow.db").read_bytes() == before
    assert len(os.listdir(folder)) == 2


def test_columns_that_hold_anything(database, tmp_path: Path) -> None:
    path, run = copied(database, tmp_path)
    with closing(sqlite3.connect(path)) as writer, writer:
        for step, value in (
            (1, "text"),
            ("text", 1.0),
            (1e300, 1.0),
            (2, 3),
            (2.0, b"x"),
            (3, 4.5),
        ):
            insert(writer, run, step, value)
    found = read(path)
    assert found.values["more"] == {2: 3, 3: 4.5}
    assert found.dropped["a value of MLflow's that is not a number"] == 3


def test_other_databases_are_none_of_ours(database, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as writer, writer:
        writer.execute("CREATE TABLE metrics (key)")
    assert mlflow.find(tmp_path) == []
    # Views that look like it could compute anything.
    with closing(sqlite3.connect(other)) as writer, writer:
        writer.execute("DROP TABLE metrics")
        for name in ("experiments", "runs", "metrics", "params", "tags"):
            writer.execute(f"CREATE VIEW {name} AS SELECT 1 AS run_uuid")
    assert mlflow.find(tmp_path) == []
    (tmp_path / "text.db").write_text("no database")
    (tmp_path / "link.db").symlink_to(database[0])
    assert mlflow.find(tmp_path) == []


def test_a_database_that_ends_anywhere_is_one_clear_error(database, tmp_path: Path) -> None:
    whole = database[0].read_bytes()
    path = tmp_path / "mlflow.db"
    said = set()
    for size in range(0, len(whole), len(whole) // 40):
        path.write_bytes(whole[:size])
        try:
            for reader in mlflow.find(path):
                reader.read()
        except LogError as error:
            said.add(error.problem)
    assert said == {"cannot be read as a database (database disk image is malformed)"}
    # One that was damaged after it was found.
    path.write_bytes(whole)
    (reader,) = mlflow.find(path)
    path.write_bytes(whole[:5_000])
    with pytest.raises(LogError, match=r"mlflow\.db: cannot be read as a database"):
        reader.read()


def test_a_folder_without_leave_or_end(client_of, tmp_path: Path, monkeypatch) -> None:
    client = client_of(str(tmp_path / "mlruns"))
    run = client.create_run("0", run_name="mine").info.run_id
    client.log_metric(run, "loss", 1.0, step=1)
    secret = tmp_path / "secret"
    secret.write_text("1 2 3\n")
    folder = tmp_path / "mlruns" / "0" / run
    (folder / "metrics" / "out").symlink_to(secret)
    (folder / "params" / "out").symlink_to(secret)
    (folder / "tags" / "mlflow.runName").unlink()
    (folder / "tags" / "mlflow.runName").symlink_to(secret)
    found = read(tmp_path)
    assert found.values == {"train_loss": {1: 1}}
    assert found.hyperparameters == {}
    assert found.name == "mine"
    (folder / "metrics" / "endless").write_bytes(b"1" * 5_000)
    with pytest.raises(LogError, match="a line that is too long"):
        read(tmp_path)
    (folder / "metrics" / "endless").unlink()
    monkeypatch.setattr("deeptracker.conversion.readers.mlflow_files.MAX_VALUES", 0)
    with pytest.raises(LogError, match="more than 0 values"):
        read(tmp_path)
