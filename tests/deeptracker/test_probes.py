"""What is stored of probes equals what the layers put out; the training stays the same."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from deeptracker import Recorder
from deeptracker.errors import RecordingError
from deeptracker.format import ABANDONED, PROBES, RunDirectory, restore_maps
from deeptracker.prober import ALWAYS_BYTES, SHARE_OF_BYTES
from deeptracker.probing import shrunk
from tests.deeptracker.trainings import (
    make_training,
    random_states,
    validation_set,
    weights,
)


def train(run_dir, *, iterations=12, training=None, **options):
    training = training or make_training()
    given = {"validation": validation_set(), "every": 2, "probe_every": 3, "machine": False}
    with Recorder(training.model, training.optimizer, run_dir, **given | options) as recorder:
        while recorder.iteration < iterations:
            recorder.step(train_loss=training.iterate())
    return training, RunDirectory(recorder.run_dir)


def test_the_training_is_bit_identical_with_probes(tmp_path):
    plain = make_training()
    for _ in range(12):
        plain.iterate()
    states = random_states()
    probed, log = train(tmp_path / "run", probes=4)
    assert log.probe_iterations() == [2, 8]
    assert random_states() == states
    for name, value in weights(plain.model).items():
        assert torch.equal(value, weights(probed.model)[name]), name


def test_values_equal_a_plain_forward(tmp_path):
    training, log = train(tmp_path / "run", iterations=4, probes=[40, 3, 7], every=4)
    model, manifest = training.model.eval(), log.manifest()
    assert "probes" in manifest.contents.capabilities
    assert log.probe_iterations() == [4]
    found = log.probe(manifest, 4)
    assert found.image.tolist() == [3, 7, 40]
    assert found.seconds > 0
    images = torch.stack([validation_set()[i][0] for i in found.image])
    with torch.no_grad():
        first = torch.relu(model.norm1(model.conv1(images)))
        second = torch.relu(model.norm2(model.conv2(first)))
        scores = model.fc(second.mean(dim=(2, 3)))
    assert found.prediction.tolist() == scores.argmax(dim=1).tolist()
    truth = torch.tensor([int(validation_set()[i][1]) for i in found.image])
    chances = scores.softmax(dim=1).gather(1, truth[:, None])[:, 0]
    np.testing.assert_allclose(found.probability, chances, rtol=1e-5)
    expected = {"conv1": first, "conv2": second, "fc": scores[:, :, None, None]}
    assert {manifest.layers[place].name for place in found.maps} == set(expected)
    for place, maps in found.maps.items():
        values = expected[manifest.layers[place].name].numpy()
        assert maps.codes.shape == values.shape
        off = np.abs(restore_maps(maps.codes, maps.low, maps.high) - values)
        assert (off <= (maps.high - maps.low)[..., None, None] / 508 + 1e-5).all()
    kernels = found.kernels
    weight = model.conv1.weight.detach().permute(0, 2, 3, 1).numpy()
    restored = (kernels.codes.astype(float) - 128) / 127 * kernels.scale[:, None, None, None]
    assert kernels.layer == 0
    np.testing.assert_allclose(restored, weight, atol=float(np.abs(weight).max()) / 250)


def test_maps_are_averaged_to_fit():
    values = torch.arange(2 * 3 * 32 * 24, dtype=torch.float32).reshape(2, 3, 32, 24)
    found = shrunk(values, 8)
    np.testing.assert_allclose(found, values.reshape(2, 3, 8, 4, 8, 3).mean(dim=(3, 5)))
    assert torch.equal(shrunk(values, 64), values)


class Wide(nn.Module):
    """Large maps of many filters, of one convolution that no activation function follows."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 96, 3, padding=1)
        self.along = nn.Conv1d(96, 16, 1)
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        x = nn.functional.interpolate(x, scale_factor=4)
        x = self.along(self.conv(x).flatten(2))
        return self.fc(x.mean(dim=2))


def test_a_file_stays_within_its_share_of_the_bytes(tmp_path):
    training = make_training(model=Wide())
    _, log = train(tmp_path / "run", iterations=2, training=training, probes=32, probe_every=1)
    manifest = log.manifest()
    found = log.probe(manifest, 2)
    file = log.path / PROBES / "000000002.safetensors"
    snapshot = log.path / "snapshots" / file.name
    allowed = max(ALWAYS_BYTES, SHARE_OF_BYTES * snapshot.stat().st_size)
    assert file.stat().st_size <= allowed
    names = [layer.name for layer in manifest.layers]
    sides = {names[place]: maps.codes.shape[2:] for place, maps in found.maps.items()}
    assert 4 <= sides["conv"][0] < 16
    assert sides["along"] == (1, sides["conv"][0])
    assert sides["fc"] == (1, 1)


def test_a_resume_sets_aside_what_comes_after_it(tmp_path):
    train(tmp_path / "run", probes=2)
    _, log = train(
        tmp_path / "run", probes=2, start_iteration=4, iterations=6, training=make_training()
    )
    assert log.probe_iterations() == [2, 6]
    aside = RunDirectory(log.path / ABANDONED / "001")
    assert aside.probe_iterations() == [8]
    assert log.probe(log.manifest(), 6).generation == 1
    aside.probe(aside.manifest(), 8)


def test_images_are_spread_and_loaders_batches_found(tmp_path):
    loader = DataLoader(validation_set(50), batch_size=7)
    _, log = train(tmp_path / "run", iterations=2, validation=loader, probes=5)
    assert log.probe(log.manifest(), 2).image.tolist() == [5, 15, 25, 35, 45]


def test_a_network_that_fails_later_costs_the_probes_alone(tmp_path):
    training = make_training()
    fails = []

    def forward(images):
        if fails and len(images) == 3:
            raise ValueError("not these")
        return training.model(images)

    given = {"validation": validation_set(), "validation_forward": forward, "machine": False}
    given |= {"every": 1, "probes": 3}
    with Recorder(training.model, training.optimizer, tmp_path / "run", **given) as recorder:
        fails.append(True)
        loss = training.iterate()
        with pytest.warns(RuntimeWarning, match="iteration 1 has no probes: ValueError: not these"):
            recorder.step(train_loss=loss)
    log = RunDirectory(tmp_path / "run")
    assert log.iterations() == [1]
    assert log.probe_iterations() == []
    assert log.snapshot(log.manifest(), 1).prediction is not None


REFUSED = {
    "needs validation=": {"validation": None, "labels": [0, 1]},
    "give 1 to 64": {"probes": 65},
    "0 to 59": {"probes": [3, 60]},
    "begin at 0": {"probes": [-1]},
    "number of images or their indices": {"probes": "all"},
    "probe_every must be": {"probe_every": 0},
    "there are 'conv1', 'conv2', 'fc'": {"probe_layers": ["conv3"]},
    "must be a list of names": {"probe_layers": "conv1"},
    "needs probes=": {"probes": None, "probe_layers": ["conv1"]},
    "images of one size": {
        "validation": DataLoader(
            [(torch.zeros(1, 8, 8), 0), (torch.zeros(1, 9, 9), 1)], batch_size=1
        )
    },
}


@pytest.mark.parametrize(("message", "options"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_probed_is_said_at_once(tmp_path, message, options):
    with pytest.raises(RecordingError, match=message):
        train(tmp_path / "run", **{"probes": 2} | options)


def test_texts_of_a_network_without_pictures_have_no_kernels(tmp_path):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    training = make_training(model=network)
    images = TensorDataset(*validation_set(20).tensors)
    _, log = train(tmp_path / "run", iterations=2, training=training, validation=images, probes=2)
    found = log.probe(log.manifest(), 2)
    assert found.kernels is None
    assert [maps.codes.shape for maps in found.maps.values()] == [(2, 16, 1, 1), (2, 10, 1, 1)]
