"""Whole runs exported, and read again by the tools that they are for."""

import io
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from mlflow.tracking import MlflowClient
from sqlalchemy import update
from sqlalchemy.orm import Session
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata, plugin_data_pb2

from app.cli.main import run as command
from app.export.whole import zipped
from app.export.whole.mlflow_store import names_there
from db.models import Run
from db.permissions import Role
from db.queries.measurements.layer_stats import layer_stat
from db.queries.measurements.scalars import scalar, scalar_names
from db.queries.runs import structure
from db.queries.team import annotations
from db.queries.team.annotation_rows import Target
from deeptracker.format import STATISTICS
from ingest.sources.recognised import recognise
from tests.app.web import Web
from tests.stored_runs import StoredRun, store_run


@pytest.fixture(scope="module")
def run(web: Web, people: dict[Role, int]) -> StoredRun:
    """A run with an odd name for MLflow, settings, tags and a note."""
    with Session(web.engine) as session:
        store_run(session, seed=3, snapshots=4)  # another run's rows beside it
        stored = store_run(session, seed=21, snapshots=7, images=30, name="ä run: 1/2")
        session.execute(
            update(Run)
            .where(Run.id == stored.run_id)
            .values(hyperparameters={"lr": 0.1, "opt": {"name": "sgd", "nesterov": True}, "é": 1})
        )
        annotations.create(
            session,
            run_id=stored.run_id,
            by=people[Role.MEMBER],
            target=Target("iteration", first=20, last=20),
            body="It jumped here.",
        )
        session.commit()
    return stored


@pytest.fixture
def exported(web: Web, run: StoredRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that exports the run by the command, and gives the folder."""
    url = web.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)

    def made(form: str) -> Path:
        folder = tmp_path / "deep" / form
        assert command(["export", str(run.run_id), "--to", form, str(folder)]) == 0
        return folder

    return made


def test_tensorboard_reads_what_was_stored(web: Web, run: StoredRun, exported) -> None:
    found = EventAccumulator(
        str(exported("tensorboard")), size_guidance={"scalars": 0, "histograms": 0, "tensors": 0}
    ).Reload()
    with Session(web.engine) as session:
        names = scalar_names(session, run_id=run.run_id)
        assert set(names) <= set(found.Tags()["scalars"])
        for name in names:
            stored = scalar(session, run_id=run.run_id, name=name)
            events = found.Scalars(name)
            assert [event.step for event in events] == stored.iterations.tolist()
            values = np.array([event.value for event in events], np.float32)
            np.testing.assert_array_equal(values, stored.values.astype(np.float32))
        layer = structure.layers(session, run_id=run.run_id).names[1]
        stat = layer_stat(session, run_id=run.run_id, layer_id=1, quantity="gradient")
    histograms = found.Histograms(f"gradient/{layer}")
    assert stat.histogram is not None
    filled = stat.histogram.any(axis=0)
    assert [one.step for one in histograms] == stat.iteration[filled].tolist()
    for one, counts in zip(histograms, stat.histogram[:, filled].T, strict=True):
        value = one.histogram_value
        assert sum(value.bucket) == counts.sum() == value.num
        assert np.isfinite(value.bucket_limit).all()
        assert (np.diff(value.bucket_limit) >= 0).all()
    notes = found.Tensors("annotations")
    assert [note.step for note in notes] == [20]
    assert b"It jumped here." in notes[0].tensor_proto.string_val[0]
    said = found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    start = metadata.parse_session_start_info_plugin_data(said)
    assert isinstance(start, plugin_data_pb2.SessionStartInfo)
    assert start.hparams["lr"].number_value == 0.1
    assert start.hparams["opt.nesterov"].bool_value is True


def test_mlflow_opens_its_store(web: Web, run: StoredRun, exported) -> None:
    folder = exported("mlflow")
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    again = recognise(folder)  # and so do we
    assert (again.kinds, again.has[:2]) == (("MLflow",), ("scalars", "hyperparameters"))
    experiment = client.get_experiment_by_name("DeepTracker")
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.run_name == "ä run: 1/2"
    assert found.data.params == {"lr": "0.1", "opt.name": "sgd", "opt.nesterov": "True", "_": "1"}
    assert "It jumped here." in found.data.tags["mlflow.note.content"]
    with Session(web.engine) as session:
        names = scalar_names(session, run_id=run.run_id)
        for name, there in names_there(names).items():
            stored = scalar(session, run_id=run.run_id, name=name)
            # The rows themselves: MLflow's client gives 0 for what is marked as NaN.
            with sqlite3.connect(folder / "mlflow.db") as store:
                rows = store.execute(
                    "SELECT step, value, is_nan FROM metrics WHERE key = ? ORDER BY step", [there]
                ).fetchall()
            assert [step for step, _, _ in rows] == stored.iterations.tolist()
            values = [float("nan") if odd else value for _, value, odd in rows]
            finite = np.clip(stored.values, -1.7976931348623157e308, 1.7976931348623157e308)
            np.testing.assert_array_equal(values, finite)


def test_parquet_keeps_every_value_and_nan(web: Web, run: StoredRun, exported) -> None:
    folder = exported("parquet")
    table = pyarrow.parquet.read_table(folder / "scalars.parquet").to_pandas()
    with Session(web.engine) as session:
        for name in scalar_names(session, run_id=run.run_id):
            stored = scalar(session, run_id=run.run_id, name=name)
            rows = table[table.name == name]
            np.testing.assert_array_equal(rows.iteration, stored.iterations)
            np.testing.assert_array_equal(rows.value, stored.values)
        stat = layer_stat(session, run_id=run.run_id, layer_id=2, quantity="update")
    file = pyarrow.parquet.ParquetFile(folder / "layer_statistics.parquet")
    layers = file.read().to_pandas()
    rows = layers[(layers.layer_id == 2) & (layers.quantity == "update")]
    for name in STATISTICS:
        np.testing.assert_array_equal(rows[name], stat.statistic(name))
    # No statistics of floats, by which a reader would pass over rows with NaN.
    group = file.metadata.row_group(0)
    written = {
        group.column(at).path_in_schema: group.column(at).is_stats_set
        for at in range(group.num_columns)
    }
    assert not any(written[name] for name in STATISTICS)
    assert written["iteration"]
    error = pyarrow.parquet.read_table(folder / "class_errors.parquet").to_pandas()
    np.testing.assert_array_equal(error.error, run.class_error.ravel())
    said = pyarrow.parquet.read_table(folder / "findings.parquet").to_pylist()
    assert [(one["kind"], one["first_iteration"]) for one in said] == [("annotation", 20)]


def test_the_page_gives_a_zip_within_limits(clients, run: StoredRun, monkeypatch) -> None:
    path = f"/data/run/{run.run_id}/export"
    answer = clients[Role.VIEWER].get(f"{path}/parquet.zip")
    assert answer.status_code == 200
    assert answer.content_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert "scalars.parquet" in archive.namelist()
    monkeypatch.setitem(zipped.MOST_VALUES, "parquet", 10)
    answer = clients[Role.VIEWER].get(f"{path}/parquet.zip")
    assert answer.status_code == 413
    assert f"deeptracker export {run.run_id} --to parquet" in answer.json["error"]
    assert clients[Role.VIEWER].get(f"{path}/csv.zip").status_code == 404
    assert clients[Role.VIEWER].get("/data/run/999999/export/parquet.zip").status_code == 404


def test_nothing_is_left_of_what_failed(web: Web, tmp_path, monkeypatch, capsys) -> None:
    url = web.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    assert command(["export", "999999", "--to", "parquet", str(tmp_path / "out")]) == 1
    assert "There is no run 999999." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    assert command(["export", "1", "--to", "parquet", str(tmp_path / "full")]) == 1
    assert "not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [("SIGINT", 130, "Interrupted.\n"), ("SIGTERM", 143, "Ended by SIGTERM.\n")],
)
def test_nothing_is_left_of_what_a_signal_ended(
    exported, run: StoredRun, tmp_path: Path, name: str, status: int, said: str
) -> None:
    """The signal comes when half of the export is written."""
    ended = (
        "import signal, sys\n"
        "import app.export.whole as whole\n"
        "from app.cli.main import main\n"
        # Tests that run in the background of a shell do not hear Ctrl-C, nor what they start.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def half(run, aside):\n"
        "    (aside / 'half').write_bytes(b'half')\n"
        "    print(aside.parent.name)\n"
        f"    signal.raise_signal(signal.{name})\n"
        "whole.WRITERS = {'parquet': half}\n"
        "main(sys.argv[1:])\n"
    )
    folder = tmp_path / "out" / "parquet"
    command = ["export", str(run.run_id), "--to", "parquet", str(folder)]
    done = subprocess.run(
        [sys.executable, "-u", "-B", "-c", ended, *command], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr, done.stdout) == (status, said, "out\n")
    assert list(folder.parent.iterdir()) == []


def test_names_for_mlflow_stay_apart() -> None:
    names = ["loss", "é", "ü", "a//b", "..", "train/acc@1"]
    assert list(names_there(names).values()) == [
        *("loss", "_", "__2", "a/b", "__3", "train/acc_1"),
    ]


@pytest.mark.parametrize("form", ["tensorboard", "mlflow", "parquet"])
def test_a_disk_that_takes_no_more(exported, run: StoredRun, tmp_path: Path, form: str) -> None:
    """The file system refuses what is beyond 4 kB of a file, as a full one does."""
    folder = tmp_path / "small" / form
    limited = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from app.cli.main import run\n"
        "import mlflow, tensorboard, pyarrow\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    command = ["export", str(run.run_id), "--to", form, str(folder)]
    done = subprocess.run(
        [sys.executable, "-B", "-c", limited, *command], capture_output=True, text=True
    )
    assert done.returncode == 1, done
    (said,) = done.stderr.strip().splitlines()
    assert said.startswith(f"Error: {folder} cannot be written (")
    assert list(folder.parent.iterdir()) == []


def test_a_server_without_room_for_a_zip_says_where(clients, run: StoredRun, monkeypatch) -> None:
    monkeypatch.setattr(zipped.tempfile, "tempdir", "/dev/full")
    answer = clients[Role.VIEWER].get(f"/data/run/{run.run_id}/export/parquet.zip")
    assert answer.status_code == 507
    assert "/dev/full" in answer.json["error"]
    assert "deeptracker export" in answer.json["error"]
