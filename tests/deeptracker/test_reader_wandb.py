"""Runs that W&B keeps offline: true numbers, names and iterations, also of half a file."""

import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from deeptracker.conversion.collected import Collected, merged
from deeptracker.conversion.readers import StoredRun, framing, wandb
from deeptracker.conversion.readers.known import collect
from deeptracker.conversion.tag_layers import tag_layers
from deeptracker.errors import LogError
from deeptracker.format import STATISTICS

PROJECT = Path(__file__).parents[2]


def written(folder: Path, *more: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.deeptracker.tracked_wandb", str(folder), *more]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.Popen]]:
    """A folder in which a run with `sync_tensorboard` is being written, which takes its time."""
    folder = tmp_path_factory.mktemp("synced")
    process = written(folder, "sync")
    yield folder, process
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, waiting: object) -> Path:
    """A folder with what wandb wrote of the runs `every`, `again` and `trainer`."""
    folder = tmp_path_factory.mktemp("wandb")
    assert written(folder).wait(timeout=120) == 0
    return folder


def one_file(folder: Path) -> Path:
    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    return path


@pytest.fixture(scope="module")
def every(runs: Path) -> Collected:
    return collect(runs / "every")


def test_numbers_and_names_are_those_that_were_logged(every: Collected) -> None:
    loss = every.values["train_loss"]
    assert list(loss) == [0, 2, 10, 12]
    assert math.isnan(loss[0])
    assert [loss[at] for at in (2, 10, 12)] == [0.5, 0.25, 0.2]
    assert [every.values[name][0] for name in ("up", "down", "big")] == [
        math.inf, -math.inf, 2**53 - 1,
    ]  # fmt: skip
    # A key within a key, a key with a point and one with a slash are three series.
    names = {"nest.a": 2.0, "nest/a": 3.0, "nest > a": 1.0}
    assert {name: every.values[name][1] for name in names} == names
    assert every.values["acc"] == {10: 0.7}  # two calls of one step are one row
    assert set(every.times) == {0, 1, 2, 10, 11, 12}
    assert every.times[0] <= every.times[12]


def test_settings_name_and_what_the_script_put_into_the_summary(every: Collected) -> None:
    assert every.hyperparameters == {
        "lr": 0.1,
        "opt": {"name": "sgd", "betas": [0.9, 0.99]},
        "none": None,
        "late": 5,
        "notes": "a note",
        "summary": {"best": 0.1},
    }
    assert (every.name, every.tags, every.ended) == ("my run", ("a", "b"), True)
    assert [text for texts in every.texts.values() for text in texts] == ["hot: the loss rises"]
    assert every.kinds == ["W&B"]


def test_histograms_are_taken_and_what_is_not_is_counted(every: Collected) -> None:
    found = every.histograms["weights"][2]
    counts, edges = np.histogram(np.arange(10.0), bins=64)
    assert np.array_equal(found.counts, counts)
    assert np.allclose(found.edges, edges)
    assert every.dropped == {
        "a value that is not a number": 3,  # None, True and the text
        "an object of the kind table-file": 1,
    }


def test_a_resumed_run_goes_on_where_it_was(runs: Path) -> None:
    found = collect(runs / "again")
    assert found.values == {"train_loss": {0: 3.0, 1: 2.0, 2: 1.0}}
    assert found.hyperparameters == {"lr": 0.2}
    assert len(found.files) == 2
    assert any("counted on" in kind for kind in found.kinds)


def test_the_step_of_a_trainer_counts_more_than_that_of_calls(runs: Path) -> None:
    found = collect(runs / "trainer")
    assert found.values["train_loss"] == {49: 1 / 49, 99: 1 / 99}
    assert found.values["acc"] == {99: 0.5}  # logged without a step: W&B goes by the last one, too


def test_what_a_script_defined_as_its_step_counts_iterations(runs: Path) -> None:
    found = collect(runs / "defined")
    assert found.values == {
        "batch/loss": {0: 1.0, 5: 1 / 6, 10: 1 / 11, 15: 1 / 16},
        "epoch/acc": {5: 0.0, 15: 0.5},  # of an epoch that ended there
        "epoch/epoch": {5: 0.0, 15: 1.0},
    }


def test_one_of_several_runs_is_to_be_named(runs: Path, tmp_path: Path) -> None:
    assert set(wandb.runs(runs)) == {
        StoredRun("every", "my run"), StoredRun("again", "again"), StoredRun("trainer", "trainer"),
        StoredRun("defined", "defined"), StoredRun("watched", "watched"),
    }  # fmt: skip
    with pytest.raises(LogError, match=r"holds 5 runs of W&B; name one of them: .*again"):
        collect(runs)
    assert collect(runs, "again").values == collect(runs / "again").values
    assert wandb.find(runs, "another") == []
    # A file is known by its content, whatever it is called.
    path = shutil.copy(one_file(runs / "trainer"), tmp_path / "some.bin")
    assert wandb.find(Path(path))[0].read().name == ""
    assert "train_loss" in collect(Path(path)).values
    (tmp_path / "other.wandb").write_text("no such thing")
    assert wandb.find(tmp_path / "other.wandb") == []


def test_a_file_that_grows_is_read_on(runs: Path, tmp_path: Path) -> None:
    data = one_file(runs / "every").read_bytes()
    path = tmp_path / "run-every.wandb"
    path.write_bytes(data[:7])  # for seconds, it has no more
    (reader,) = wandb.find(tmp_path)
    first = reader.read()
    assert (first.empty, first.dropped) == (True, {})
    assert reader.read() is first
    sizes = []
    for end in (*range(7, len(data), 8_191), len(data)):
        path.write_bytes(data[:end])
        found = reader.read()
        assert reader.read() is found
        sizes.append(found.size)
    assert sizes == sorted(sizes)
    whole = wandb.find(runs / "every")[0].read()
    assert found.values.keys() == whole.values.keys()
    assert found.values["acc"] == whole.values["acc"]
    assert (found.dropped, found.times) == (whole.dropped, whole.times)


def test_torn_at_any_byte_it_is_a_file_that_still_grows(runs: Path, tmp_path: Path) -> None:
    *_, second = sorted((runs / "again").glob("wandb/offline-run-*/*.wandb"))
    data = second.read_bytes()
    path = tmp_path / "run-x.wandb"
    for end in range(len(data)):
        path.write_bytes(data[:end])
        found = wandb.HistoryReader(path).read()
        assert set(found.dropped) <= {"a record at the end that is not complete, or not yet"}
        assert found.size <= 1


def test_a_damaged_byte_costs_its_block_and_is_counted(runs: Path, tmp_path: Path) -> None:
    data = bytearray(one_file(runs / "every").read_bytes())
    assert len(data) > 4 * 32_768
    data[2_000] ^= 255
    path = tmp_path / "run-x.wandb"
    path.write_bytes(data)
    found = wandb.HistoryReader(path).read()
    assert found.dropped["a damaged stretch, and what followed it within 32 KiB"] == 1
    assert found.values["train_loss"][12] == 0.2  # behind the damaged block


@pytest.mark.parametrize("place", [7, 11, 13, 14, 40])
def test_any_other_byte_is_read_or_refused(runs: Path, tmp_path: Path, place: int) -> None:
    data = one_file(runs / "trainer").read_bytes()
    path = tmp_path / "run-x.wandb"
    for value in (0, 1, 127, 255):
        path.write_bytes(data[:place] + bytes([value]) + data[place + 1 :])
        assert wandb.HistoryReader(path).read().size <= 3


def test_another_version_and_another_tool_are_refused(runs: Path, tmp_path: Path) -> None:
    path = tmp_path / "run-x.wandb"
    path.write_bytes(b":W&B\xe1\xbe\x07")
    with pytest.raises(LogError, match="is of version 7; 0 can be read"):
        wandb.HistoryReader(path).read()
    path.write_bytes(b":SWL\xe1\xbe\x00")
    with pytest.raises(LogError, match="does not begin with :W&B"):
        wandb.HistoryReader(path).read()
    path.write_bytes(one_file(runs / "trainer").read_bytes())
    reader = wandb.HistoryReader(path)
    reader.read()
    path.write_bytes(b":W&B\xe1\xbe\x00")
    with pytest.raises(LogError, match="has become shorter"):
        reader.read()


def test_a_record_that_is_too_long_ends_it(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "_MOST", 2**16)  # of `every`, one has 100,000 bytes
    with pytest.raises(LogError, match="has a record of more than"):
        collect(runs / "every")


def test_links_out_of_the_folder_are_not_followed(runs: Path, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "run-x.wandb").symlink_to(one_file(runs / "trainer"))
    (inside / "latest-run").symlink_to(one_file(runs / "trainer").parent)
    assert wandb.find(inside) == []


def test_with_tensorboard_the_step_is_tensorboards(
    waiting: tuple[Path, subprocess.Popen],
) -> None:
    folder, process = waiting
    assert process.wait(timeout=120) == 0
    found = merged(reader.read() for reader in wandb.find(folder / "synced"))
    assert found.values == {"acc": {5: 1.25, 10: 2.5, 20: 5.0}}
    # What the script logged beside has a step that counts what came of TensorBoard, too.
    assert found.dropped == {"a row without an iteration": 1}


def test_a_watched_network_has_layers(runs: Path) -> None:
    found = collect(runs / "watched")
    layers = tag_layers(found.histograms)
    assert layers is not None
    assert [(one.name, one.parameters) for one in layers.specs] == [("0", 24), ("1", 12)]
    assert layers.quantities == ("weight", "gradient")
    weight = np.load(runs / "watched" / "last.npz")["weight"]
    rows, bins = layers.arrays(-1, int(layers.iterations[-1]))
    told = dict(zip(STATISTICS, rows["weight"][0], strict=True))
    assert (told["minimum"], told["maximum"]) == pytest.approx((weight.min(), weight.max()))
    assert told["std"] == pytest.approx(weight.std(), rel=0.02)
    assert bins["gradient"][1].sum() == 12
