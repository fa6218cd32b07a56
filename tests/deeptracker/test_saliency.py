"""Saliency of the probes equals what the methods are defined as; the training stays the same."""

import numpy as np
import pytest
import torch
from torch import nn

from deeptracker import Recorder, saliency_budget
from deeptracker.errors import RecordingError
from deeptracker.format import GRAD_CAM, INTEGRATED_GRADIENTS, RunDirectory, restore_maps
from deeptracker.saliency import both, feature_maps
from tests.deeptracker.trainings import make_training, random_states, validation_set, weights

BOTH = (GRAD_CAM, INTEGRATED_GRADIENTS)


def train(run_dir, *, iterations=4, training=None, saliency=BOTH, look=None, **options):
    training = training or make_training()
    given = {"validation": validation_set(), "every": 2, "probes": 4, "probe_every": 1}
    given |= {"probe_saliency": saliency, "machine": False}
    with Recorder(training.model, training.optimizer, run_dir, **given | options) as recorder:
        while recorder.iteration < iterations:
            loss = training.iterate()
            before = look and look(training.model)
            recorder.step(train_loss=loss)
            if look:
                assert look(training.model) == before
    return training, RunDirectory(recorder.run_dir)


def state(model):
    """Return what saliency might leave in a network besides its weights."""
    return [
        (
            module.training,
            list(module._forward_hooks),
            list(module._backward_hooks),
            [(id(p.grad), p.grad.sum().item(), p.requires_grad) for p in module._parameters.values()
             if p is not None],
        )
        for module in model.modules()
    ]  # fmt: skip


def test_the_training_is_bit_identical_and_nothing_stays_in_the_network(tmp_path):
    plain = make_training()
    for _ in range(8):
        plain.iterate()
    states = random_states()
    training = make_training()
    heard = []
    training.model.conv1.register_full_backward_hook(lambda *given: heard.append(True))
    probed, log = train(tmp_path / "run", iterations=8, training=training, look=state)
    assert len(heard) == 8
    assert set(log.probe(log.manifest(), 8).saliency) == set(BOTH)
    assert log.manifest().remarks == ()
    assert random_states() == states
    for name, value in weights(plain.model).items():
        assert torch.equal(value, weights(probed.model)[name]), name


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A short training, its log, the last probe and the images of it."""
    training, log = train(tmp_path_factory.mktemp("saliency") / "run", probes=[3, 7, 40])
    found = log.probe(log.manifest(), 4)
    return training.model.eval(), found, torch.stack([validation_set()[i][0] for i in found.image])


def of_classes(found):
    truth = [int(validation_set()[i][1]) for i in found.image]
    return np.stack([found.prediction, truth], axis=1)


def test_integrated_gradients_add_up_to_the_change_of_the_score(recorded):
    model, found, images = recorded
    maps = found.saliency[INTEGRATED_GRADIENTS].maps
    assert maps.codes.shape == (3, 2, 8, 8)
    with torch.no_grad():
        change = (model(images) - model(torch.zeros_like(images))).numpy()
    values = restore_maps(maps.codes, maps.low, maps.high).astype(float)
    off = 64 * (maps.high - maps.low) / 508
    expected = np.take_along_axis(change, of_classes(found), axis=1)
    assert (np.abs(values.sum(axis=(2, 3)) - expected) <= off + 0.02 * np.abs(change).max()).all()


def test_grad_cam_is_its_definition(recorded):
    model, found, images = recorded
    one = found.saliency[GRAD_CAM]
    # Without a module for the activation function, its normalisation is the last feature map.
    assert one.detail == "feature maps of norm2"
    first = torch.relu(model.norm1(model.conv1(images)))
    features = model.norm2(model.conv2(first))
    scores = model.fc(torch.relu(features).mean(dim=(2, 3)))
    for place, classes in enumerate(of_classes(found)):
        for which, label in enumerate(classes):
            gradient = torch.autograd.grad(scores[place, label], features, retain_graph=True)[0]
            by_channel = gradient[place].mean(dim=(1, 2), keepdim=True)
            expected = torch.relu((by_channel * features[place]).sum(dim=0)).detach().numpy()
            maps = one.maps
            values = restore_maps(maps.codes, maps.low, maps.high)[place, which]
            np.testing.assert_allclose(values, expected, atol=float(expected.max()) / 200 + 1e-6)


def test_a_prediction_that_is_none_has_no_map_and_other_classes_their_own():
    def attribute(images, classes):
        return images[:, 0] * classes[:, None, None]

    images = torch.ones(10, 1, 2, 2)
    predicted, labels = torch.arange(10) % 3, torch.ones(10, dtype=torch.int64)
    predicted[4] = -1
    found = both(attribute, images, predicted, labels)
    assert found.shape == (10, 2, 2, 2)
    assert np.isnan(found[4, 0]).all()
    np.testing.assert_array_equal(found[predicted >= 0, 0, 0, 0], predicted[predicted >= 0])
    np.testing.assert_array_equal(found[:, 1], 1)


def test_the_last_feature_maps_are_those_of_the_last_block():
    block = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU())
    small = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.ReLU())
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3), block, small, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    run = lambda side: feature_maps(network, lambda: network(torch.zeros(1, 1, side, side)))  # noqa: E731
    # Of 8 x 8 pixels the last convolution makes 1, of 22 it makes 5.
    assert run(8)[0] == "1"
    assert run(22) == ("2", small)
    flat = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    assert feature_maps(flat, lambda: flat(torch.zeros(1, 1, 2, 2))) is None


def test_a_frozen_network_and_one_of_probabilities_have_saliency(tmp_path):
    training = make_training()
    for parameter in training.model.conv1.parameters():
        parameter.requires_grad_(False)
    _, log = train(
        tmp_path / "run",
        training=training,
        validation_forward=lambda images: training.model(images).softmax(dim=1),
    )
    found = log.probe(log.manifest(), 4).saliency
    assert all(np.isfinite(one.maps.low).all() for one in found.values())
    assert not any(p.requires_grad for p in training.model.conv1.parameters())


def test_a_compiled_network_under_autocast_has_saliency(tmp_path):
    training = make_training()
    training.model = torch.compile(training.model, backend="eager")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, log = train(tmp_path / "run", training=training, iterations=2)
    found = log.probe(log.manifest(), 2).saliency
    assert all(np.isfinite(one.maps.low).all() for one in found.values())
    assert log.manifest().remarks == ()


def test_beyond_its_share_of_the_time_a_probe_has_none_and_the_run_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(saliency_budget, "ALWAYS_SECONDS", 0.0)
    monkeypatch.setattr(saliency_budget, "SHARE_OF_TIME", 1e-6)
    with pytest.warns(RuntimeWarning, match="some probes have no saliency: it takes"):
        _, log = train(tmp_path / "run", saliency=GRAD_CAM)
    manifest = log.manifest()
    assert [len(log.probe(manifest, at).saliency) for at in (2, 4)] == [1, 0]


def test_a_network_that_fails_with_gradients_later_costs_the_saliency_alone(tmp_path):
    training, fails = make_training(), []

    def forward(images):
        if fails and torch.is_grad_enabled():
            raise ValueError("not with gradients")
        return training.model(images)

    def look(model):
        fails.append(True)

    with pytest.warns(RuntimeWarning, match="iteration 2 have no saliency: ValueError"):
        _, log = train(
            tmp_path / "run", training=training, validation_forward=forward, look=look, iterations=2
        )
    found = log.probe(log.manifest(), 2)
    assert found.saliency == {}
    assert found.maps


class Detached(nn.Module):
    """A network that lets no gradient through to its images."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(x.detach().flatten(1))


REFUSED = {
    "needs probes=": ({"probes": None}, None),
    "no method 'lime'; there are 'grad-cam' and": ({"saliency": ["lime"]}, None),
    "must be one of 'grad-cam' and": ({"saliency": 3}, None),
    "Grad-CAM needs a network whose last": (
        {},
        nn.Sequential(nn.Flatten(), nn.Linear(64, 10)),
    ),
    "fails on the network .RuntimeError": ({"saliency": INTEGRATED_GRADIENTS}, Detached()),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_computed_is_said_at_once(tmp_path, message):
    options, network = REFUSED[message]
    training = make_training() if network is None else make_training(model=network)
    with pytest.raises(RecordingError, match=message):
        train(tmp_path / "run", training=training, **options)
    assert not (tmp_path / "run").exists()
