"""A training is bit-identical with and without the Recorder, however it is recorded."""

import pytest
import torch
from torch import nn

from deeptracker import Recorder
from deeptracker.format import RunDirectory
from tests.deeptracker.trainings import (
    make_training,
    random_states,
    validation_set,
    weights,
)

ITERATIONS = 12


def autocast_iteration(training, scaler):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = training.loss()
    training.optimizer.zero_grad()
    loss.backward()
    training.optimizer.step()


def accumulating_iteration(training, scaler):
    training.optimizer.zero_grad()
    for _ in range(3):
        (training.loss() / 3).backward()
    training.optimizer.step()


def scaled_iteration(training, scaler):
    training.optimizer.zero_grad()
    scaler.scale(training.loss()).backward()
    scaler.unscale_(training.optimizer)
    nn.utils.clip_grad_norm_(training.model.parameters(), 0.5)
    scaler.step(training.optimizer)
    scaler.update()


def closure_iteration(training, scaler):
    def closure():
        training.optimizer.zero_grad()
        loss = training.loss()
        loss.backward()
        return loss

    training.optimizer.step(closure)


def plain_iteration(training, scaler):
    training.iterate()


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=1e-2, nesterov=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1e-2, weight_decay=0.1),
    "fused adam": lambda p: torch.optim.Adam(p, lr=1e-2, fused=True),
    "lbfgs": lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=3),
    "groups": lambda p: torch.optim.SGD(
        [{"params": part, "lr": rate} for part, rate in zip([list(p)[::2]], [0.1], strict=True)],
        lr=0.05,
    ),
}

WAYS = [
    ("sgd", plain_iteration),
    ("sgd", autocast_iteration),
    ("sgd", accumulating_iteration),
    ("sgd", scaled_iteration),
    ("fused adam", scaled_iteration),
    ("adamw", plain_iteration),
    ("lbfgs", closure_iteration),
    ("sgd", closure_iteration),
    ("groups", plain_iteration),
]


def run(optimizer, iterate, *, recorder_of=None, **options):
    """Train, optionally recorded, and return all that recording could have disturbed."""
    training = make_training(make=OPTIMIZERS[optimizer])
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    training.model.norm1.eval()  # a module of another mode than its model keeps it
    recorder = recorder_of(training) if recorder_of else None
    for _ in range(ITERATIONS):
        iterate(training, scaler)
        if recorder:
            recorder.step(**options)
    if recorder:
        recorder.close()
    modes = [module.training for module in training.model.modules()]
    gradients = [p.grad for p in training.model.parameters()]
    return weights(training.model), training.optimizer.state_dict(), gradients, modes


def same(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@pytest.mark.parametrize(("optimizer", "iterate"), WAYS)
def test_training_is_bit_identical_with_and_without(optimizer, iterate, tmp_path):
    expected = run(optimizer, iterate)
    states = random_states()

    def recorder_of(training):
        return Recorder(
            training.model,
            training.optimizer,
            tmp_path / "run",
            validation=validation_set(),
            every=2,
            thumbnails=True,
            normalisation=True,
            activations=True,
        )

    found = run(optimizer, iterate, recorder_of=recorder_of)
    assert same(found, expected)
    assert random_states() == states
    assert len(RunDirectory(tmp_path / "run").iterations()) == ITERATIONS // 2


def test_hooks_are_gone_afterwards(tmp_path):
    training = make_training()
    with Recorder(training.model, training.optimizer, tmp_path / "run", every=1) as recorder:
        training.iterate()
        recorder.step()
    assert not training.optimizer._optimizer_step_pre_hooks
    assert not training.optimizer._optimizer_step_post_hooks
    training.iterate()
    recorder.step()
    assert RunDirectory(tmp_path / "run").iterations() == [1]
