"""MMEngine's working directory, as the real library wrote it: validations have a place in it."""

import shutil
from pathlib import Path

import pytest

from deeptracker.conversion.readers.known import collect, find_readers

STORED = Path(__file__).parents[1] / "data" / "trackers" / "mmengine"


@pytest.mark.parametrize("kind", ["epochs", "iterations"])
def test_validations_stand_where_the_training_was(kind: str) -> None:
    """A validation's step is an epoch in one file and always 0 in the other."""
    found = collect(STORED / kind)
    assert list(found.values["train_loss"]) == [5, 10, 15, 20, 25, 30]
    assert set(found.values["learning_rate"].values()) == {0.01}
    assert list(found.values["accuracy"]) == [10, 20, 30]
    # How long a validation's step took is not that of the training at the same iteration.
    assert list(found.values["val/time"]) == [10, 20, 30]
    assert list(found.values["time"]) == [5, 10, 15, 20, 25, 30]
    assert found.iterations_per_epoch == (10 if kind == "epochs" else None)
    assert found.kinds == ["MMEngine"]
    assert len(found.notes) == 1


def test_a_later_start_takes_the_place_of_the_one_before() -> None:
    first, second = sorted((STORED / "epochs").iterdir())
    whole = collect(STORED / "epochs")
    assert whole.values == collect(second).values != collect(first).values
    assert sum(whole.dropped.values()) == collect(first).size
    assert len(whole.files) == 2


def test_a_resumed_start_goes_on_and_a_test_changes_nothing(tmp_path: Path) -> None:
    first, second = sorted((STORED / "epochs").iterdir())
    shutil.copytree(first, tmp_path / first.name)
    later = tmp_path / second.name / "vis_data" / "scalars.json"
    later.parent.mkdir(parents=True)
    rows = (second / "vis_data" / "scalars.json").read_text().splitlines(keepends=True)
    later.write_text("".join(rows[6:]))
    tested = tmp_path / "20270101_000000" / "vis_data" / "scalars.json"
    tested.parent.mkdir(parents=True)
    tested.write_text(rows[2].replace('"step": 1', '"step": 0'))
    found = collect(tmp_path)
    before, after = collect(first).values["train_loss"], collect(second).values["train_loss"]
    assert found.values["train_loss"] == {
        **{at: value for at, value in before.items() if at < 25},
        **{at: value for at, value in after.items() if at >= 25},
    }
    assert "a row before any of the training, as of a test" in found.dropped


@pytest.mark.parametrize("name", ["scalars.json", "copy.json", "log.jsonl"])
def test_a_file_alone_is_read_as_such(tmp_path: Path, name: str) -> None:
    (stored,) = (STORED / "iterations").glob("*/vis_data/scalars.json")
    path = tmp_path / name
    shutil.copy(stored, path)
    assert collect(path).values == collect(stored).values
    assert len(find_readers(stored.parent)) == 1  # of the two, of which one is a copy


def test_small_trainings_have_rows_of_validation_alone(tmp_path: Path) -> None:
    """MMEngine logs nothing of an epoch that has fewer iterations than its interval."""
    path = tmp_path / "scalars.json"
    (stored,) = sorted((STORED / "epochs").glob("*/vis_data/scalars.json"))[:1]
    rows = [row for row in stored.read_text().splitlines(keepends=True) if "accuracy" in row]
    path = tmp_path / "work" / "vis_data" / "scalars.json"
    path.parent.mkdir(parents=True)
    path.write_text("".join(rows))
    assert list(collect(tmp_path).by_epoch["accuracy"]) == [1, 2, 3]


def test_rows_are_read_as_they_come(tmp_path: Path) -> None:
    (stored,) = (STORED / "iterations").glob("*/vis_data/scalars.json")
    text = stored.read_text()
    half = text.index('"accuracy"')
    path = tmp_path / "a" / "vis_data" / "scalars.json"
    path.parent.mkdir(parents=True)
    path.write_text(text[:half])
    (reader,) = find_readers(tmp_path)
    first = reader.read()
    assert list(first.values["train_loss"]) == [5, 10]
    assert reader.read() is first
    path.write_text(text)
    assert reader.read().values == collect(stored).values
