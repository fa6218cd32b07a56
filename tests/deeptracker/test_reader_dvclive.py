"""DVCLive's folder: as the real library wrote it, while it grows, and several of them."""

import json
import math
import shutil
from pathlib import Path

import pytest

from deeptracker.conversion.readers import dvclive
from deeptracker.conversion.readers.known import collect, find_readers, stored_runs
from deeptracker.errors import LogError

STORED = Path(__file__).parents[1] / "data" / "trackers" / "dvclive"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose DVCLive folder it wrote itself; tests/data/trackers/README.md says how."""
    shutil.copytree(STORED, tmp_path / "dvclive")
    return tmp_path


def test_a_metric_is_a_table_and_a_folder_part_of_its_name(folder: Path) -> None:
    found = collect(folder)
    # The last row was logged without the time that the others have: it has a cell less.
    assert found.values["train_loss"] == {0: 1.0, 10: 0.5, 20: 1 / 3, 31: math.inf}
    assert list(found.times) == [0, 10, 20]
    assert 1.7e9 < found.times[0] < 2e9
    validation = found.values["validation_loss"]
    assert (validation[0], validation[20]) == (0.5, 2.5)
    assert math.isnan(validation[10])
    assert found.values["val/class/acc"] == {0: 0.0, 10: 0.25, 20: 0.5}
    assert found.hyperparameters == {
        "lr": 0.1,
        "optimizer": {"name": "sgd", "nesterov": False},
        "epochs": 3,
        # What has no table: the summary, and what was logged with plot=False.
        "summary": {"best": 0.75, "last": 1},
    }
    assert sum(found.dropped.values()) == 2
    assert any("'step'" in reason for reason in found.dropped)
    assert found.kinds == ["DVCLive"]
    assert "dvclive/plots/metrics/val/class/acc.tsv" in found.files
    assert collect(folder / "dvclive").values.keys() == found.values.keys()


def test_tables_that_grow_or_are_wiped_are_read_again(folder: Path) -> None:
    (reader,) = find_readers(folder)
    first = reader.read()
    assert reader.read() is first
    table = folder / "dvclive" / "plots" / "metrics" / "lr.tsv"
    with table.open("a") as file:
        file.write("30\t0.01\n31\t0.0")
    assert reader.read().values["learning_rate"] == {0: 0.1, 10: 0.1, 20: 0.1, 30: 0.01}
    table.write_text("step\tlr\n0\t0.5\n")
    (folder / "dvclive" / "plots" / "metrics" / "train" / "loss.tsv").unlink()
    found = reader.read()
    assert found.values["learning_rate"] == {0: 0.5}
    assert "train_loss" not in found.values


def test_one_of_several_folders_is_named(folder: Path) -> None:
    shutil.copytree(STORED, folder / "b" / "live")
    with pytest.raises(LogError, match=r"2 runs of DVCLive \(b/live, dvclive\)"):
        collect(folder)
    assert [(run.id, run.name) for run in stored_runs(folder)] == [
        ("b/live", "live"),
        ("dvclive", "dvclive"),
    ]
    assert collect(folder, "b/live").values.keys() == collect(folder / "dvclive").values.keys()


def test_other_tables_in_such_a_place_are_none_of_its(tmp_path: Path) -> None:
    folder = tmp_path / "plots" / "metrics"
    folder.mkdir(parents=True)
    (folder / "loss.tsv").write_text("step\tother\n1\t2\n")
    assert dvclive.find(tmp_path) == []
    (tmp_path / "metrics.json").write_text(json.dumps({"step": 3, "loss": 1.0}))
    assert find_readers(tmp_path) == []
