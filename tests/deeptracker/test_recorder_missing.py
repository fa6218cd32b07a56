"""What was not seen is NaN, never zero; replaced optimizers and parameters are seen."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from deeptracker import Recorder
from deeptracker.format import STATISTICS
from tests.deeptracker.logs import read
from tests.deeptracker.trainings import make_training

L2 = STATISTICS.index("l2")


def updates(run_dir):
    return np.array([s.statistics["update"][:, L2] for s in read(run_dir)[1]])


def sgd(model, rate=0.05):
    return torch.optim.SGD(model.parameters(), lr=rate)


def new_optimizer(training):
    training.optimizer = sgd(training.model, 0.01)


def new_parameters(training):
    state = {name: value.clone() for name, value in training.model.state_dict().items()}
    training.model.load_state_dict(state, assign=True)
    training.optimizer = sgd(training.model, 0.01)


def new_head(training):
    training.model.fc = nn.Linear(8, 10)
    training.optimizer = sgd(training.model, 0.01)


@pytest.mark.parametrize("change", [new_optimizer, new_parameters, new_head])
def test_what_the_script_replaces_is_followed(change, tmp_path):
    training = make_training()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Recorder(training.model, training.optimizer, tmp_path / "run", every=1) as recorder:
            recorder.step(train_loss=training.iterate())
            change(training)
            before = training.model.fc.weight.detach().clone()
            recorder.step(train_loss=training.iterate())
    last = read(tmp_path / "run")[1][-1]
    moved = float((training.model.fc.weight.detach() - before).norm())
    assert last.statistics["update"][2, L2] == pytest.approx(moved, rel=1e-5)
    weight = float(training.model.fc.weight.detach().norm())
    assert last.statistics["weight"][2, L2] == pytest.approx(weight, rel=1e-5)
    assert last.scalars["learning_rate"].values.tolist() == [0.01]


def test_a_layer_that_left_the_network_is_nan_and_told(tmp_path):
    training = make_training()
    with Recorder(training.model, training.optimizer, tmp_path / "run", every=1) as recorder:
        recorder.step(train_loss=training.iterate())
        training.model.fc = nn.Linear(8, 12)
        training.optimizer = sgd(training.model)
        with pytest.warns(RuntimeWarning, match="layer 'fc' is no longer in the network"):
            recorder.step(train_loss=training.iterate())
    manifest, found = read(tmp_path / "run")
    for quantity in ("weight", "gradient", "update"):
        assert np.isnan(found[1].statistics[quantity][2, L2])
        assert np.isfinite(found[1].statistics[quantity][:2, L2]).all()
    assert [(r.kind, r.subject) for r in manifest.remarks] == [("network", "fc")]


def test_a_step_outside_of_the_snapshot_s_iteration_is_no_zero(tmp_path):
    training = make_training()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with Recorder(training.model, training.optimizer, tmp_path / "run", every=5) as recorder:
            for number in range(1, 21):
                training.loss().backward()
                if number % 4 == 0:
                    training.optimizer.step()
                    training.optimizer.zero_grad()
                recorder.step()
    assert [str(w.message)[:41] for w in said] == ["iteration 5 is a snapshot, but no step of"]
    found = updates(tmp_path / "run")
    # From the second snapshot on, the first step after the one before is measured.
    assert np.isnan(found[0]).all()
    assert (found[1:] > 0).all()


def test_an_optimizer_of_another_rhythm_is_measured_in_its_own(tmp_path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    often, rarely = sgd(model[0]), sgd(model[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Recorder(model, [often, rarely], tmp_path / "run", every=10) as recorder:
            for number in range(40):
                model.zero_grad()
                model(torch.randn(8, 4)).square().mean().backward()
                often.step()
                if number % 5 == 0:
                    rarely.step()
                recorder.step()
    found = updates(tmp_path / "run")
    assert (found[:, 0] > 0).all()
    assert np.isnan(found[0, 1])
    assert (found[1:, 1] > 0).all()


def test_weights_that_move_without_a_step_are_doubted(tmp_path):
    training = make_training()
    frozen = training.model.conv2.weight.requires_grad_(False)
    with Recorder(training.model, training.optimizer, tmp_path / "run", every=1) as recorder:
        recorder.step(train_loss=training.iterate())
        with torch.no_grad():
            frozen *= 1.5
        with pytest.warns(RuntimeWarning, match=r"'conv2' moved .* by up to 50 %"):
            recorder.step(train_loss=training.iterate())


def test_another_model_s_optimizer_is_told_at_once(tmp_path):
    training, other = make_training(), make_training()
    with pytest.warns(RuntimeWarning, match="holds no parameter of a recorded layer"):
        recorder = Recorder(other.model, training.optimizer, tmp_path / "run", every=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recorder.step()
        recorder.close()
    assert np.isnan(updates(tmp_path / "run")).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda m: prune.l1_unstructured(m, "weight", 0.5),
        parametrizations.weight_norm,
        parametrizations.spectral_norm,
        nn.utils.spectral_norm,
        parametrizations.orthogonal,
    ],
    ids=["pruned", "weight norm", "spectral norm", "old spectral norm", "orthogonal"],
)
def test_the_weight_is_that_which_the_layer_computes_with(change, tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 6, bias=False))
    change(model[0])
    optimizer = sgd(model)

    def computed():
        # In evaluation mode: in training mode a look would move spectral norm's vectors.
        model.eval()
        with torch.no_grad():
            found = model(torch.eye(6)).T.clone()
        model.train()
        return found

    with Recorder(model, optimizer, tmp_path / "run", every=1) as recorder:
        model(torch.randn(8, 6)).square().mean().backward()
        before = computed()
        optimizer.step()
        recorder.step()
    after = computed()
    found = read(tmp_path / "run")[1][0]
    assert found.statistics["weight"][0, L2] == pytest.approx(float(after.norm()), rel=1e-4)
    moved = float((after - before).norm())
    assert found.statistics["update"][0, L2] == pytest.approx(moved, rel=1e-3)
    assert moved > 0
