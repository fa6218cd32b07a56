"""SwanLab's files: absent fields are zeros, resumed runs go on, young files are empty."""

import math
import shutil
from pathlib import Path

import pytest

from deeptracker.conversion.readers import StoredRun, swanlab
from deeptracker.conversion.readers.known import collect
from deeptracker.errors import LogError

# What SwanLab wrote; the README there says how.
STORED = Path(__file__).parents[1] / "data" / "trackers" / "swanlab"


def test_numbers_are_those_that_were_logged() -> None:
    found = collect(STORED, "abcdef12")
    loss = found.values["train_loss"]
    assert math.isnan(loss[0])
    # Of a step that is logged twice SwanLab keeps the first value; the resumed run counts from 0.
    assert {at: loss[at] for at in loss if at} == {1: 0.5, 10: 0.25, 11: 0.1}
    assert (found.values["up"][0], found.values["down"][0]) == (math.inf, -math.inf)
    assert (found.values["zero"], found.values["flag"]) == ({0: 0.0}, {0: 1.0})
    assert found.values["nest/a"] == {1: 1.0}
    assert found.hyperparameters == {"lr": 0.1, "opt": {"name": "sgd"}, "notes": "a note"}
    assert (found.name, found.tags, found.ended) == ("mine", ("x",), True)
    assert found.dropped["an object of SwanLab's"] == 1
    assert any("counted on" in kind for kind in found.kinds)
    assert list(found.times) == [0, 1, 10, 11]


def test_one_of_several_runs_is_to_be_named() -> None:
    assert swanlab.runs(STORED) == [StoredRun("abcdef12", "mine"), StoredRun("other123", "other")]
    with pytest.raises(LogError, match="holds 2 runs of SwanLab; name one of them"):
        collect(STORED)
    (path,) = STORED.glob("*other123/*.swanlab")
    assert collect(path).values == {"train_loss": {0: 9.0}}


def test_a_young_file_is_empty_and_grows(tmp_path: Path) -> None:
    data = sorted(STORED.glob("*/run-abcdef12.swanlab"))[0].read_bytes()
    path = tmp_path / "run-abcdef12.swanlab"
    path.touch()
    assert swanlab.runs(tmp_path) == []
    (reader,) = swanlab.find(tmp_path, "abcdef12")  # as its name says
    assert reader.read().empty
    sizes = []
    for end in (*range(0, len(data), 11), len(data)):
        path.write_bytes(data[:end])
        found = reader.read()
        assert set(found.dropped) <= {
            "a record at the end that is not complete, or not yet",
            "a piece of the script's output", "an object of SwanLab's",
        }  # fmt: skip
        sizes.append(found.size)
    assert sizes == sorted(sizes)
    assert sizes[-1] == 8
    assert found.hyperparameters == {"notes": "a note"}  # its file is not there


def test_settings_that_lead_out_of_the_folder_are_not_read(tmp_path: Path) -> None:
    source = sorted(STORED.glob("*/run-abcdef12.swanlab"))[0]
    shutil.copy(source, tmp_path)
    (tmp_path / "files").symlink_to(source.parent / "files")
    assert collect(tmp_path).hyperparameters == {"notes": "a note"}
