"""A run goes on in its directory; another run, another network or other images are refused."""

import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import Subset, TensorDataset

from deeptracker import Recorder
from deeptracker.errors import ForeignRunDirectory, ValidationSetChanged
from deeptracker.format import RunDirectory
from tests.deeptracker.trainings import SmallNet, make_training, validation_set


def train(run_dir, iterations, *, training=None, every=2, **options):
    training = training or make_training()
    options.setdefault("validation", validation_set())
    options.setdefault("resume", True)
    recorder = Recorder(training.model, training.optimizer, run_dir, every=every, **options)
    with recorder:
        for _ in range(iterations):
            recorder.step(train_loss=training.iterate())
    return recorder


def test_a_run_goes_on_after_its_last_snapshot(tmp_path):
    run_dir = tmp_path / "run"
    first = train(run_dir, 5, name="mine", hyperparameters={"seed": 1}).manifest
    torn = run_dir / "snapshots" / ".000000006.safetensors.abcd.partial"
    torn.write_bytes(b"half")
    recorder = train(run_dir, 4, name="other", hyperparameters={"seed": 2})
    again = recorder.manifest
    assert (again.run, again.name, again.created_at) == (first.run, "mine", first.created_at)
    assert again.hyperparameters == {"seed": 1}
    assert recorder.iteration == 4 + 4
    directory = RunDirectory(run_dir)
    assert directory.iterations() == [2, 4, 6, 8]
    assert directory.manifest().state == "complete"
    assert not torn.exists()
    # What the weights were at the snapshot before the restart is not known.
    sixth = directory.snapshot(again, 6)
    assert np.isnan(sixth.filters["relative_change"]).all()
    assert np.isfinite(directory.snapshot(again, 8).filters["relative_change"]).all()


def test_a_run_goes_on_from_an_earlier_checkpoint_and_records_again(tmp_path):
    run_dir = tmp_path / "run"
    train(run_dir, 6)
    directory = RunDirectory(run_dir)
    old = directory.snapshot(directory.manifest(), 4)
    recorder = train(run_dir, 2, training=make_training(seed=5), start_iteration=3)
    assert recorder.iteration == 5
    assert directory.iterations() == [2, 4]
    new = directory.snapshot(directory.manifest(), 4)
    assert new.recorded_at > old.recorded_at
    # Iteration 3 stood in the snapshot that was replaced, and is ahead of the checkpoint.
    assert new.scalars["train_loss"].iterations.tolist() == [3, 4, 5]
    assert new.scalars["train_loss"].values[0] == old.scalars["train_loss"].values[0]
    assert [g.start_iteration for g in recorder.manifest.generations] == [0, 3]
    assert (new.generation, old.generation) == (1, 0)
    aside = RunDirectory(run_dir / "abandoned" / "001")
    assert aside.iterations() == [4, 6]
    again = aside.snapshot(aside.manifest(), 4)
    assert np.array_equal(again.statistics["weight"], old.statistics["weight"])
    assert not np.array_equal(new.statistics["weight"], old.statistics["weight"])


def test_a_running_run_says_so_and_a_failed_one_too(tmp_path):
    run_dir = tmp_path / "run"
    directory = RunDirectory(run_dir)
    train(run_dir, 2)
    training = make_training()

    def fail():
        with Recorder(
            training.model,
            training.optimizer,
            run_dir,
            every=2,
            validation=validation_set(),
            resume=True,
        ):
            found = directory.manifest()
            assert (found.state, found.ended_at) == ("recording", None)
            raise ValueError("too bad")

    with pytest.raises(ValueError, match="too bad"):
        fail()
    found = directory.manifest()
    assert found.state == "failed"
    assert found.ended_at is not None


def changed_labels():
    images, labels = validation_set().tensors
    labels = labels.clone()
    labels[7] = (labels[7] + 1) % 10
    return TensorDataset(images, labels)


def changed_images():
    images, labels = validation_set().tensors
    return TensorDataset(images.flip(0).roll(3, dims=3) * 0.5, labels)


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (changed_labels, "validation image 7 is of class"),
        (lambda: Subset(validation_set(), range(50)), "has 50 images, the run was begun with"),
        (changed_images, "first validation images are not those"),
    ],
)
def test_a_changed_validation_set_is_refused(other, text, tmp_path):
    train(tmp_path / "run", 2)
    before = (tmp_path / "run" / "run.json").read_bytes()
    with pytest.raises(ValidationSetChanged, match=text):
        train(tmp_path / "run", 2, validation=other())
    assert (tmp_path / "run" / "run.json").read_bytes() == before


def test_a_set_that_changes_while_it_trains_is_noticed(tmp_path):
    validation = validation_set()
    training = make_training()

    def change_between_snapshots():
        with Recorder(
            training.model, training.optimizer, tmp_path / "run", every=1, validation=validation
        ) as recorder:
            recorder.step(train_loss=training.iterate())
            validation.tensors[1][3] = (validation.tensors[1][3] + 1) % 10
            recorder.step(train_loss=training.iterate())

    with pytest.warns(RuntimeWarning, match="iteration 2 has no validation: .*validation image 3 "):
        change_between_snapshots()
    directory = RunDirectory(tmp_path / "run")
    manifest = directory.manifest()
    assert manifest.state == "complete"
    assert [(r.kind, r.first, r.times) for r in manifest.remarks] == [("validation", 2, 1)]
    first, second = (directory.snapshot(manifest, i) for i in (1, 2))
    assert first.prediction is not None
    assert second.prediction is None
    assert "validation_error" not in second.scalars


def wider():
    model = SmallNet()
    model.conv2 = nn.Conv2d(6, 9, 3, stride=2, padding=1, bias=False)
    model.norm2, model.fc = nn.BatchNorm2d(9), nn.Linear(9, 10)
    return model


def longer():
    model = SmallNet()
    model.more = nn.Linear(10, 10)
    return model


@pytest.mark.parametrize(
    ("model", "text"),
    [(wider, "layer 'conv2' .* 8 filters.* 9 filters"), (longer, "has 3 layers, this model 4")],
)
def test_another_network_is_refused(model, text, tmp_path):
    train(tmp_path / "run", 2)
    with pytest.raises(ForeignRunDirectory, match=text):
        train(tmp_path / "run", 2, training=make_training(model=model()))


def test_a_directory_that_is_no_run_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(ForeignRunDirectory, match=r"holds files but no run\.json"):
        train(tmp_path, 2)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(ForeignRunDirectory, match="is a file"):
        train(tmp_path / "thesis.txt", 2)


@pytest.mark.parametrize(
    "content", ["", "{}", json.dumps({"format": "deeptracker", "version": 99})]
)
def test_a_manifest_that_cannot_be_read_is_refused_by_name(content, tmp_path):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ForeignRunDirectory, match=r"run\.json"):
        train(tmp_path, 2)
    assert (tmp_path / "run.json").read_text() == content


def test_the_optimizer_is_free_again_after_a_refusal(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    training = make_training()
    with pytest.raises(ForeignRunDirectory):
        train(tmp_path, 2, training=training)
    assert not training.optimizer._optimizer_step_pre_hooks
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("goes_on", "snapshots"),
    [
        ({"resume": True}, {3: 0.5, 6: 1.0, 8: 1 + 2 / 3, 9: 2.0}),
        # Two thirds of an epoch, after which epochs are half as long.
        ({"start_iteration": 4}, {3: 0.5, 5: 1.0, 7: 1 + 2 / 3}),
    ],
    ids=["after the last snapshot", "from a checkpoint"],
)
def test_a_run_that_goes_on_with_another_batch_size_counts_its_epochs_on(
    goes_on, snapshots, tmp_path
):
    run_dir = tmp_path / "run"
    train(run_dir, 6, every=None, per_epoch=2, iterations_per_epoch=6)
    options = {"resume": False, **goes_on}
    train(run_dir, 3, every=None, per_epoch=2, iterations_per_epoch=3, **options)
    directory = RunDirectory(run_dir)
    manifest = directory.manifest()
    epochs = {i: directory.snapshot(manifest, i).epoch for i in directory.iterations()}
    assert epochs == pytest.approx(snapshots)
    # And once more: now the length of the epochs is that of the snapshots, not of the first ones.
    train(run_dir, 3, every=None, per_epoch=1, iterations_per_epoch=3)
    last, before = max(directory.iterations()), max(snapshots)
    reached = directory.snapshot(manifest, last).epoch
    assert reached == pytest.approx(snapshots[before] + (last - before) / 3)
    assert reached == pytest.approx(round(reached))
