"""Validation, run by the Recorder or handed in, gives every image's class and probability."""

import re
import sys
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from deeptracker import Recorder
from deeptracker.errors import RecordingError
from deeptracker.format import STATISTICS, RunDirectory, no_prediction
from tests.deeptracker.trainings import make_training, validation_set


def only_snapshot(run_dir):
    directory = RunDirectory(run_dir)
    manifest = directory.manifest()
    (iteration,) = directory.iterations()
    return manifest, directory.snapshot(manifest, iteration)


def record_one(run_dir, *, training=None, **options):
    training = training or make_training()
    with Recorder(training.model, training.optimizer, run_dir, every=1, **options) as recorder:
        training.iterate()
        recorder.step()
    return (*only_snapshot(run_dir), training)


def expected_of(model, dataset):
    images, labels = dataset.tensors
    modes = [m.training for m in model.modules()]
    model.eval()
    with torch.no_grad():
        scores = model(images)
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode
    chances = scores.softmax(1)[torch.arange(len(labels)), labels]
    loss = nn.functional.cross_entropy(scores, labels)
    return (
        scores.argmax(1),
        chances,
        float(loss),
        float((scores.argmax(1) != labels).float().mean()),
    )


@pytest.mark.parametrize("batch", [7, 60, 256])
def test_the_recorder_validates_a_data_set(batch, tmp_path):
    dataset = validation_set()
    manifest, snapshot, training = record_one(
        tmp_path / "run", validation=dataset, validation_batch=batch
    )
    prediction, probability, loss, error = expected_of(training.model, dataset)
    assert snapshot.prediction.tolist() == prediction.tolist()
    assert snapshot.probability == pytest.approx(probability.numpy(), abs=1e-3)
    assert snapshot.scalars["validation_loss"].values == pytest.approx([loss], rel=1e-5)
    assert snapshot.scalars["validation_error"].values == pytest.approx([error])
    assert manifest.classes == tuple(str(digit) for digit in range(10))
    assert manifest.images.class_id.tolist() == dataset.tensors[1].tolist()


def test_a_loader_a_loss_and_a_way_forward_of_the_script_s_own(tmp_path):
    dataset = validation_set()
    training = make_training()
    _, snapshot, _ = record_one(
        tmp_path / "run",
        training=training,
        validation=DataLoader(dataset, batch_size=16),
        validation_loss=lambda scores, labels: (scores.argmax(1) != labels).float().mean(),
        validation_forward=lambda images: training.model(1 - images),
        classes=["zero", *"123456789"],
        image_names=[f"digit {i}" for i in range(60)],
    )
    inverted = TensorDataset(1 - dataset.tensors[0], dataset.tensors[1])
    prediction, _, _, error = expected_of(training.model, inverted)
    assert snapshot.prediction.tolist() == prediction.tolist()
    assert snapshot.scalars["validation_loss"].values == pytest.approx([error])
    manifest = RunDirectory(tmp_path / "run").manifest()
    assert manifest.classes[0] == "zero"
    assert manifest.images.names[59] == "digit 59"


def test_one_score_an_image_is_of_two_classes(tmp_path):
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    images, labels = validation_set().tensors
    dataset = TensorDataset(images, labels % 2)
    training = make_training()
    training.model, training.optimizer = model, torch.optim.SGD(model.parameters(), lr=0.1)
    with Recorder(model, training.optimizer, tmp_path / "run", every=1, validation=dataset) as rec:
        rec.step()
    manifest, snapshot = only_snapshot(tmp_path / "run")
    with torch.no_grad():
        chance = torch.sigmoid(model(images)).squeeze(1)
    assert manifest.classes == ("0", "1")
    assert snapshot.prediction.tolist() == (chance > 0.5).int().tolist()
    true = torch.where(dataset.tensors[1] == 1, chance, 1 - chance)
    assert snapshot.probability == pytest.approx(true.numpy(), abs=1e-3)


def test_a_network_that_diverged_predicts_nothing(tmp_path):
    training = make_training()
    with Recorder(
        training.model, training.optimizer, tmp_path / "run", every=1, validation=validation_set()
    ) as recorder:
        training.iterate()
        with torch.no_grad():
            training.model.fc.bias.fill_(torch.nan)
        recorder.step()
    _, snapshot = only_snapshot(tmp_path / "run")
    assert np.isnan(snapshot.probability).all()
    assert (snapshot.prediction == no_prediction(10)).all()
    assert np.isnan(snapshot.scalars["validation_loss"].values).all()
    assert snapshot.scalars["validation_error"].values == 1.0


def test_handed_in_by_the_script(tmp_path):
    dataset = validation_set()
    labels = dataset.tensors[1]
    training = make_training()
    due = []
    with Recorder(
        training.model, training.optimizer, tmp_path / "run", every=3, labels=labels.numpy()
    ) as recorder:
        for _ in range(3):
            training.iterate()
            due.append(recorder.due)
            if recorder.due:
                prediction, probability, loss, error = expected_of(training.model, dataset)
                recorder.validated(prediction, probability, loss=loss)
            recorder.step()
    assert due == [False, False, True]
    _, snapshot = only_snapshot(tmp_path / "run")
    assert snapshot.prediction.tolist() == prediction.tolist()
    assert snapshot.probability == pytest.approx(probability.numpy(), abs=1e-3)
    assert snapshot.scalars["validation_loss"].values.tolist() == [loss]
    assert snapshot.scalars["validation_error"].values == pytest.approx([error])


def test_without_validation_there_are_no_images(tmp_path):
    manifest, snapshot, _ = record_one(tmp_path / "run")
    assert (manifest.classes, len(manifest.images.class_id)) == ((), 0)
    assert snapshot.prediction is None
    assert "validation_error" not in snapshot.scalars


def handing_in(*results, labels=(0, 1, 2)):
    def work(run_dir):
        training = make_training()
        with Recorder(
            training.model, training.optimizer, run_dir, every=1, labels=list(labels)
        ) as recorder:
            for result in results:
                recorder.validated(*result)
            recorder.step()

    return work


def recording(**options):
    return lambda run_dir: record_one(run_dir, **options)


def hand_in_unasked(run_dir):
    training = make_training()
    recorder = Recorder(training.model, training.optimizer, run_dir, every=1)
    recorder.validated([0], [0.5])


IMAGES = torch.zeros(4, 1, 8, 8)


@pytest.mark.parametrize(
    ("work", "text"),
    [
        (handing_in(labels=(0, -1)), "a validation label is -1"),
        (handing_in(labels=(0.5, 1)), "labels must be whole numbers"),
        (recording(validation=validation_set(), labels=[1]), "either validation= .* or labels="),
        (recording(activations=True), "needs validation="),
        (recording(validation=validation_set(), validation_every=0), "validation_every must be"),
        (recording(labels=[1], validation_every=2), "validation_every= is for validation="),
        (recording(validation=TensorDataset(IMAGES)), r"pairs of \(image, label\)"),
        (recording(validation=TensorDataset(IMAGES[:0], torch.zeros(0).long())), "is empty"),
        (recording(validation=TensorDataset(IMAGES, torch.full((4,), 11))), "label is 11"),
        (recording(validation=validation_set(), classes=["a", "b"]), "has 10 classes"),
        (recording(validation=validation_set(), classes=["a\n"] * 10), "classes= has control"),
        (recording(validation=validation_set(), image_names=["a"]), "1 names for 60"),
        (
            recording(validation=validation_set(), validation_forward=lambda x: (x, x)),
            "gave tuple for 60 validation images.*validation_forward=",
        ),
        (
            recording(validation=validation_set(), validation_forward=lambda x: x),
            r"\[60, 1, 8, 8\]",
        ),
    ],
)
def test_what_does_not_fit_is_named(work, text, tmp_path):
    with pytest.raises(RecordingError, match=text):
        work(tmp_path / "run")


@pytest.mark.parametrize(
    ("work", "text"),
    [
        (handing_in(), r"iteration 1 has no validation.*nothing was handed in.*validated\(\)"),
        (handing_in(([0, 1], [0.1, 0.2])), r"prediction has shape \[2\], expected \[3\]"),
        (handing_in(([0, 1, 3], [0.1] * 3)), "class numbers from 0 to 2"),
        (handing_in(([0.0, 1.0, 1.0], [0.1] * 3)), "class numbers"),
        (handing_in(([0, 1, 2], [0.1, 1.5, 0])), "within 0..1"),
        (handing_in(("odd", None)), "could not be recorded"),
        (hand_in_unasked, "made with labels="),
    ],
)
def test_what_does_not_fit_later_is_told_and_the_training_goes_on(work, text, tmp_path):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        work(tmp_path / "run")
    assert any(re.search(text, str(warning.message)) for warning in said), said


def test_activations_are_those_after_the_activation_function(tmp_path):
    dataset = validation_set()
    _, snapshot, training = record_one(
        tmp_path / "run", validation=dataset, validation_batch=13, activations=True
    )
    model, images = training.model.eval(), dataset.tensors[0]
    with torch.no_grad():
        one = torch.relu(model.norm1(model.conv1(images)))
        two = torch.relu(model.norm2(model.conv2(one)))
        three = model.fc(two.mean(dim=(2, 3)))
    for layer, values in enumerate((one, two, three)):
        found = dict(zip(STATISTICS, snapshot.statistics["activation"][layer], strict=True))
        assert found["mean"] == pytest.approx(float(values.mean()), rel=1e-4)
        assert found["std"] == pytest.approx(float(values.std(correction=0)), rel=1e-4)
        assert found["zero_share"] == pytest.approx(float((values == 0).float().mean()), abs=1e-6)
        assert found["maximum"] == pytest.approx(float(values.max()))
        assert found["nan_count"] == found["inf_count"] == 0
        assert np.isnan(found["median"])
    zero = STATISTICS.index("zero_share")
    assert snapshot.statistics["activation"][0, zero] > 0.1
    assert snapshot.statistics["activation"][2, zero] == 0


@pytest.fixture
def nothing_compiled() -> None:
    """As if no test before had compiled a network in this process: then none is watched."""
    if "torch._dynamo.utils" in sys.modules:
        sys.modules["torch._dynamo.utils"].counters.clear()


@pytest.mark.usefixtures("nothing_compiled")
def test_activations_on_training_batches_stand_beside_those_on_validation_images(tmp_path):
    training = make_training()
    with Recorder(
        training.model,
        training.optimizer,
        tmp_path / "run",
        every=2,
        validation=validation_set(),
        activations=True,
        training_activations=True,
    ) as recorder:
        for _ in range(4):
            training.iterate()
            recorder.step()
    directory = RunDirectory(tmp_path / "run")
    manifest = directory.manifest()
    assert "training_activation" in manifest.contents.capabilities
    assert manifest.remarks == ()
    for iteration in (2, 4):
        found = directory.snapshot(manifest, iteration).statistics
        column = STATISTICS.index("std")
        assert np.isfinite(found["training_activation"][:, column]).all()
        assert (found["training_activation"][:, column] != found["activation"][:, column]).all()


@pytest.mark.filterwarnings("ignore:iteration 2 has no activations on training batches")
def test_training_activations_that_cannot_be_had_are_told(tmp_path):
    training = make_training()
    with Recorder(
        training.model, training.optimizer, tmp_path / "run", every=1, training_activations=True
    ) as recorder:
        training.iterate()
        recorder.step()
        training.optimizer.step()  # without a forward pass
        recorder.step()
    directory = RunDirectory(tmp_path / "run")
    manifest = directory.manifest()
    for iteration in (1, 2):
        assert "training_activation" not in directory.snapshot(manifest, iteration).statistics
    [remark] = manifest.remarks
    assert (remark.first, remark.times) == (2, 1)
    assert "no forward pass of the network in training mode" in remark.text


def test_validation_may_be_rarer_than_the_statistics(tmp_path):
    training, dataset = make_training(), validation_set()
    with Recorder(
        training.model,
        training.optimizer,
        tmp_path / "run",
        every=1,
        validation=dataset,
        validation_every=2,
        activations=True,
    ) as recorder:
        for _ in range(4):
            training.iterate()
            recorder.step()
        expected = expected_of(training.model, dataset)
    directory = RunDirectory(tmp_path / "run")
    manifest = directory.manifest()
    found = [directory.snapshot(manifest, iteration) for iteration in (1, 2, 3, 4)]
    assert [one.prediction is None for one in found] == [True, False, True, False]
    assert ["validation_error" in one.scalars for one in found] == [False, True, False, True]
    np.testing.assert_array_equal(found[3].prediction, expected[0])
    for one in found:
        assert np.isfinite(one.statistics["weight"][:, STATISTICS.index("std")]).all()
        assert ("activation" in one.statistics) == (one.prediction is not None)
    assert manifest.remarks == ()


def test_odd_hyperparameters_are_kept_as_text(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record_one(
            tmp_path / "run",
            hyperparameters={
                "rate": np.float32(0.5),
                "betas": (0.9, 0.999),
                "limit": float("inf"),
                "device": torch.device("cpu"),
                "schedule": {"kind": "step", "at": [1, 2]},
                7: None,
            },
        )
    assert RunDirectory(tmp_path / "run").manifest().hyperparameters == {
        "rate": 0.5,
        "betas": [0.9, 0.999],
        "limit": "inf",
        "device": "cpu",
        "schedule.kind": "step",
        "schedule.at": [1, 2],
        "7": None,
    }
