"""What real writers of TensorBoard's files left is read as it was meant, also while they write."""

import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary import Writer
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboardX import SummaryWriter as WriterX
from torch.utils.tensorboard import SummaryWriter

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import event_records, tensorboard
from deeptracker.errors import LogError

PROJECT = Path(__file__).parents[2]


def read(folder: Path, run: str | None = None) -> Collected:
    (reader,) = tensorboard.find(folder, run)
    return reader.read()


def test_scalars_of_torch_as_they_stand_in_the_file(tmp_path: Path) -> None:
    before = time.time()
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalar("Loss/train", 0.5, 1)
        writer.add_scalar("large", 2**24 + 1, 1)
        writer.add_scalar("half", torch.tensor([70000.0, 1e-8], dtype=torch.bfloat16)[0], 1)
        writer.add_scalar("half", torch.tensor(1e-8, dtype=torch.bfloat16), 2)
        writer.add_scalar("odd", math.nan, 3)
        writer.add_scalar("odd", -math.inf, 4)
        writer.add_scalar("cut", 1.0, 2.7)
        writer.add_scalar("none", 1.0)
        writer.add_scalar("none", 2.0)
        writer.add_scalar("below", 1.0, -1)
        writer.add_scalar("below", 3.0, 1)
        writer.add_scalar("", 4.0, 1)
    found = read(tmp_path)
    assert found.values["train_loss"] == {1: 0.5}
    assert found.values["large"] == {1: 16777216}  # float32
    assert found.values["half"] == {1: math.inf, 2: 0}  # the writer's, not the training's
    assert math.isnan(found.values["odd"][3])
    assert found.values["odd"][4] == -math.inf
    assert found.values["cut"] == {2: 1}
    assert found.values["none"] == {0: 2}
    assert found.values["below"] == {1: 3}
    assert found.values["unnamed"] == {1: 4}
    assert found.dropped == {
        "an earlier value of the same iteration": 1,
        "a value of TensorBoard's at a step below 0": 1,
    }
    assert before - 1 < found.times[1] < time.time() + 1
    assert found.kinds == ["TensorBoard"]
    assert found.files == [next(tmp_path.iterdir()).name]


def test_every_value_in_whatever_order(tmp_path: Path) -> None:
    """TensorBoard's own reader keeps 10,000 of them unless told otherwise."""
    with SummaryWriter(str(tmp_path)) as writer:
        steps = [*range(12_000), *range(11_000, 10_990, -1)]
        for place, step in enumerate(steps):
            writer.add_scalar("a", place, step)
    found = read(tmp_path)
    assert found.values["a"] == dict(zip(steps, range(len(steps)), strict=True))
    assert found.dropped == {"an earlier value of the same iteration": 10}


def test_sub_folders_of_one_run_do_not_merge(tmp_path: Path) -> None:
    settings = {"lr": 0.1, "layers": 3, "name": "net", "amp": True}
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalar("loss", 1.0, 1)
        writer.add_scalar("pair/a", 9.0, 1)
        writer.add_scalars("pair", {"a": 1.0, "b": 2.0}, 5)
        writer.add_scalars("net/pair", {"a_b": 3.0}, 5)
        writer.add_hparams(settings, {"loss": 0.25, "final": 0.5})
    with WriterX(str(tmp_path / "validation")) as writer:
        writer.add_scalar("loss", 2.0, 1)
        writer.add_scalar("50%", 3.0, 1)
        writer.add_scalars("both", {"x": 1.0, "y": 2.0}, 7)
    found = read(tmp_path)
    (hparams,) = (one.name for one in tmp_path.iterdir() if one.name[0].isdigit())
    assert found.values == {
        "train_loss": {1: 1},
        "pair/a": {1: 9},
        "pair_a/pair": {5: 1},  # its better name was taken
        "pair/b": {5: 2},
        "net/pair/a_b": {5: 3},
        "final": {0: 0.5},
        f"{hparams}/loss": {0: 0.25},
        "validation_loss": {1: 2},
        "validation/50_": {1: 3},  # what tensorboardX makes of it
        "validation/both/x": {7: 1},
        "validation/both/y": {7: 2},
    }
    assert found.hyperparameters == {"lr": 0.1, "layers": 3, "name": "net", "amp": 1}
    assert tensorboard.runs(tmp_path) == []


def keras(folder: Path) -> None:
    """Write what Keras writes, tags and steps, with TensorBoard's own writer of the new form."""
    train, validation = Writer(str(folder / "train")), Writer(str(folder / "validation"))
    for epoch in range(3):
        for batch in range(8):
            train.add_scalar("batch_loss", 1.0, 8 * epoch + batch + 1)
        validation.add_scalar("evaluation_loss_vs_iterations", 0.5 + epoch, 8 * (epoch + 1))
        train.add_scalar("epoch_loss", 0.25 + epoch, epoch)
        train.add_scalar("epoch_learning_rate", 0.125, epoch)
        validation.add_scalar("epoch_loss", 0.5 + epoch, epoch)
        validation.add_scalar("epoch_accuracy", 0.5, epoch)
    train.close()
    validation.close()


def test_epochs_of_keras(tmp_path: Path) -> None:
    keras(tmp_path / "logs")
    found = read(tmp_path)
    assert found.by_epoch == {
        "train_loss": {0: 0.25, 1: 1.25, 2: 2.25},
        "learning_rate": dict.fromkeys(range(3), 0.125),
        "validation_loss": {0: 0.5, 1: 1.5, 2: 2.5},
        "val_accuracy": dict.fromkeys(range(3), 0.5),
    }
    assert found.iterations_per_epoch == 8
    assert len(found.values["train/batch_loss"]) == 24
    assert sorted(found.times) == list(range(1, 25))


def test_histograms_and_texts(tmp_path: Path) -> None:
    weights = np.array([-1.0, -0.5, 0.25, 0.25, 3.0])
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_histogram("w", weights, 1)
        writer.add_histogram("w", np.append(weights, math.nan), 2)
        writer.add_histogram("w", np.append(weights, [1e30, -1e25]), 3)
        writer.add_histogram("w", np.zeros(7), 4)
        writer.add_text("note", "warm up\nends", 2)
        writer.add_pr_curve("pr", np.array([0, 1]), np.array([0.2, 0.7]), 1)
        writer.add_image("i", np.zeros((1, 2, 2), np.uint8), 1)
        writer.add_graph(torch.nn.Linear(2, 2), torch.zeros(1, 2))
    found = read(tmp_path)
    first = found.histograms["w"][1]
    assert (first.edges[0], first.edges[-1]) == (-1, 3)
    assert np.all(np.diff(first.edges) > 0)
    for step in (1, 2, 3):
        one = found.histograms["w"][step]
        for low, high, count in zip(one.edges[:-1], one.edges[1:], one.counts, strict=True):
            within = (weights > low) & (weights <= high) | (weights == low) & (low == -1)
            assert count == np.count_nonzero(within)
    assert found.histograms["w"][4].counts.sum() == 7
    assert found.texts == {2: ["note: warm up\nends"]}
    assert found.dropped == {
        "a value in a histogram of TensorBoard's that is in none of its buckets: NaN, or beyond "
        "them": 3,
        "a precision-recall curve of TensorBoard's": 1,
        "an image of TensorBoard's": 1,
        "a graph of TensorBoard's": 2,
    }


def test_restart_with_and_without_purge(tmp_path: Path) -> None:
    for purge in (None, 3):
        folder = tmp_path / str(purge)
        with SummaryWriter(str(folder), filename_suffix=".a") as writer:
            for step in range(6):
                writer.add_scalar("a", step, step)
                writer.add_scalar("b", step, step)
        with SummaryWriter(str(folder), filename_suffix=".b", purge_step=purge) as writer:
            for step in (3, 4):
                writer.add_scalar("a", 10 + step, step)
        found = read(folder)
        if purge is None:
            assert found.values["a"] == {0: 0, 1: 1, 2: 2, 3: 13, 4: 14, 5: 5}
            assert found.dropped == {"an earlier value of the same iteration": 2}
        else:
            assert found.values == {
                "a": {0: 0, 1: 1, 2: 2, 3: 13, 4: 14},
                "b": {0: 0, 1: 1, 2: 2},
            }
            assert found.dropped == {"a value that a restarted writer declared void": 6}


def test_two_live_files_are_each_read_to_their_end(tmp_path: Path) -> None:
    (first, second) = (SummaryWriter(str(tmp_path), filename_suffix=one) for one in (".a", ".b"))
    first.add_scalar("a", 1.0, 1)
    first.flush()
    (reader,) = tensorboard.find(tmp_path)
    found = reader.read()
    assert found.values == {"a": {1: 1}}
    assert reader.read() is found
    second.add_scalar("b", 2.0, 1)
    second.flush()
    first.add_scalar("a", 3.0, 2)
    first.flush()
    later = reader.read()
    assert later.values == {"a": {1: 1, 2: 3}, "b": {1: 2}}
    assert found.values == {"a": {1: 1}}  # what was given away stays as it was
    first.close()
    second.close()


def written(folder: Path, count: int = 3, kind: type = SummaryWriter) -> Path:
    with kind(str(folder)) as writer:
        for step in range(count):
            writer.add_scalar("a", step, step)
    return next(folder.iterdir())


def test_a_file_that_ends_anywhere_is_read_on_when_it_goes_on(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole").read_bytes()
    ends = [end for _, end in event_records.records(tmp_path / "whole" / os.listdir(
        tmp_path / "whole")[0], 0)]  # fmt: skip
    path = tmp_path / "live" / "events.out.tfevents.1"
    path.parent.mkdir()
    path.touch()
    (reader,) = tensorboard.find(path.parent)
    for size in range(len(whole) + 1):
        with path.open("ab") as file:
            file.write(whole[size - 1 : size] if size else b"")
        found = reader.read()
        complete = sum(end <= size for end in ends[1:])
        assert found.values.get("a", {}) == {at: at for at in range(complete)}
        assert not found.dropped
    # One that was cut off there and never goes on holds the same.
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        assert len(read(path).values.get("a", ())) == sum(end <= size for end in ends[1:])


def test_nothing_is_read_after_a_wrong_checksum_and_that_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, 5)
    whole = path.read_bytes()
    ends = [end for _, end in event_records.records(path, 0)]
    for place in (ends[2] + 3, ends[2] + 20):  # in a length, and in a value
        data = bytearray(whole)
        data[place] ^= 1
        path.write_bytes(data)
        found = read(tmp_path)
        assert found.values == {"a": {0: 0, 1: 1}}
        (said,) = found.dropped
        assert f"what {path.name} holds after byte {ends[2]:,}, where" in said
        assert "checksum" in said
    # What is mended is read.
    (reader,) = tensorboard.find(tmp_path)
    reader.read()
    path.write_bytes(whole)
    assert len(reader.read().values["a"]) == 5


def test_a_file_that_shrinks_or_is_replaced_is_read_anew(tmp_path: Path) -> None:
    path = written(tmp_path / "a", 5)
    (reader,) = tensorboard.find(tmp_path / "a")
    assert len(reader.read().values["a"]) == 5
    # As two writers of tensorboardX within one second do it.
    shorter, longer = (
        written(tmp_path / f"b{count}", count, WriterX).read_bytes() for count in (2, 9)
    )
    path.write_bytes(shorter)
    assert reader.read().values["a"] == {0: 0, 1: 1}
    path.write_bytes(longer)
    assert len(reader.read().values["a"]) == 9
    path.unlink()
    found = reader.read()
    assert len(found.values["a"]) == 9
    assert found.notes == [f"{path.name} is not there any more; what was read of it before stays."]


def test_a_file_that_is_called_otherwise_is_the_same_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a", 5)
    (reader,) = tensorboard.find(tmp_path / "a")
    reader.read()
    renamed = path.rename(path.with_name("events.out.tfevents.renamed"))
    found = reader.read()
    assert (found.files, found.notes, len(found.values["a"])) == ([renamed.name], [], 5)


def test_two_writers_that_share_a_file(tmp_path: Path) -> None:
    """Those of tensorboardX do when they begin within one second, each writing over the other."""
    writers = [WriterX(str(tmp_path)) for _ in range(2)]
    (reader,) = tensorboard.find(tmp_path)
    for step in range(1, 31):
        for place, writer in enumerate(writers):
            writer.add_scalar("ab"[place], step, step)
            if step % (3 + place) == 0:
                writer.flush()
        found = reader.read()
        for series in found.values.values():
            assert all(at == value for at, value in series.items())
    for writer in writers:
        writer.close()
    assert len(list(tmp_path.iterdir())) in (1, 2)  # two where a second began between them
    assert read(tmp_path).values.keys() <= {"a", "b"}


def test_recognised_by_content(tmp_path: Path) -> None:
    path = written(tmp_path / "a")
    path = path.rename(path.with_name("renamed.log"))
    assert read(path.parent).values == {"a": {0: 0, 1: 1, 2: 2}}
    assert read(path).values == {"a": {0: 0, 1: 1, 2: 2}}
    other = tmp_path / "b" / "events.out.tfevents.0"
    other.parent.mkdir()
    other.write_bytes(b"something else that is long enough to be looked at by its first bytes....")
    for place in (other, other.parent):
        with pytest.raises(LogError, match=r"tfevents\.0: has nothing that can be read"):
            read(place)
    # Beside a good one it is named.
    written(other.parent)
    found = read(other.parent)
    assert len(found.values["a"]) == 3
    assert any(other.name in why for why in found.dropped)


def test_several_runs_have_to_be_chosen_from(tmp_path: Path) -> None:
    for name in ("one", "two"):
        keras(tmp_path / name)
    assert [(one.id, one.name) for one in tensorboard.runs(tmp_path)] == [
        ("one", "one"),
        ("two", "two"),
    ]
    with pytest.raises(LogError, match=r"2 runs of TensorBoard \(one, two\); name one"):
        tensorboard.find(tmp_path)
    found = read(tmp_path, "two")
    assert found.name == "two"
    assert found.iterations_per_epoch == 8
    assert all(name.startswith("two/") for name in found.files)
    assert tensorboard.find(tmp_path, "../two") == []


def test_starts_of_hugging_faces_trainer_are_one_run(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-4").mkdir()
    (tmp_path / "checkpoint-4" / "trainer_state.json").write_text("{}")
    for name, steps in (("Nov01", (1, 2, 3, 4)), ("Nov02", (4, 5))):
        with SummaryWriter(str(tmp_path / "runs" / name)) as writer:
            for step in steps:
                writer.add_scalar("train/loss", step, step)
                writer.add_scalar("train/epoch", step / 2, step)
    found = read(tmp_path)
    assert found.values["train_loss"] == {at: at for at in range(1, 6)}
    assert found.iterations_per_epoch == 2


def test_sizes_that_lie_and_records_that_are_no_events(tmp_path: Path, monkeypatch) -> None:
    path = written(tmp_path)
    with path.open("ab") as file:
        RecordWriter(file).write(b"\xff" * 40)
        RecordWriter(file).write(b"\xff" * 5_000)
    found = read(tmp_path)
    assert found.dropped == {"a record that is no event of TensorBoard's": 2}
    # The limit is far above what fits into a test.
    monkeypatch.setattr(event_records, "MAX_RECORD", 1_000)
    (said,) = (why for why in read(tmp_path).dropped if "byte" in why)
    assert "a record has 5,000 bytes, more than 1,000" in said
    # A shape of a thousand million numbers that are not there.
    event = Event(wall_time=1.0, step=1)
    value = event.summary.value.add(tag="lie")
    value.metadata.plugin_data.plugin_name = "scalars"
    value.tensor.dtype = 1
    value.tensor.tensor_shape.dim.add(size=10**9)
    value.tensor.float_val.append(1.0)
    with path.open("ab") as file:
        RecordWriter(file).write(event.SerializeToString())
    monkeypatch.undo()
    assert read(tmp_path).dropped["a scalar of TensorBoard's that is not a number"] == 1


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    path = written(tmp_path / "outside")
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / path.name).symlink_to(path)
    (folder / "below").symlink_to(path.parent)
    assert tensorboard.find(folder) == []


def test_too_many_values_are_refused(tmp_path: Path, monkeypatch) -> None:
    written(tmp_path, 20)
    monkeypatch.setattr("deeptracker.conversion.readers.event_file.MAX_VALUES", 10)
    with pytest.raises(LogError, match="holds more than 10 values"):
        read(tmp_path)


def test_event_files_are_read_without_torch(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalar("loss", 0.5, 3)
        writer.add_histogram("fc.weight", np.arange(4.0), 3)
    # A server that reads event files has the extra `tensorboard` alone.
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path; from ingest.sources.converted import ConvertedSource\n"
        "source = ConvertedSource(Path(sys.argv[1]), location='x')\n"
        "print([one.name for one in source.manifest().layers], source.changed())"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert told.stdout == "['fc'] [3]\n"
