"""Activations of layers: the sums against numpy's in float64, and whose output counts."""

import copy
import pickle
import sys
from functools import partial

import numpy as np
import pytest
import torch
import torch.utils.checkpoint
from torch import nn
from torch.nn.modules import module as torch_modules
from torch.overrides import _get_current_function_mode_stack

from deeptracker.activations import ActivationWatch
from deeptracker.format import STATISTICS
from deeptracker.layers import find_layers
from deeptracker.training_activations import TrainingActivations

KEPT = ("mean", "std", "total", "l1", "l2", "minimum", "maximum", "zero_share", "nan_count")


def reference(batches: list[torch.Tensor]) -> dict[str, float]:
    values = np.concatenate([batch.double().numpy().ravel() for batch in batches])
    finite = values[np.isfinite(values)]
    return {
        "mean": finite.mean(),
        "std": finite.std(),
        "total": finite.sum(),
        "l1": np.abs(finite).sum(),
        "l2": np.sqrt(np.square(finite).sum()),
        "minimum": finite.min(),
        "maximum": finite.max(),
        "zero_share": (finite == 0).mean(),
        "nan_count": np.isnan(values).sum(),
    }


def watched(model: nn.Module, batches: list[torch.Tensor]) -> list[dict[str, float]]:
    with torch.no_grad(), ActivationWatch(model, find_layers(model, normalisation=False)) as watch:
        for batch in batches:
            model(batch)
    return [dict(zip(STATISTICS, map(float, row), strict=True)) for row in watch.statistics()]


class _Output(nn.Module):
    """A layer that puts out what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1, groups=3, bias=False)
        nn.init.ones_(self.layer.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def noise(*, seed: int = 0) -> torch.Tensor:
    return torch.randn(5, 3, 7, 6, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    "batches",
    [
        [noise(), noise(seed=1)],
        [noise().relu(), noise(seed=1)[:1]],
        [noise().contiguous(memory_format=torch.channels_last)],
        [noise().where(noise(seed=1) < 2, torch.nan), noise()],
        [noise().where(noise(seed=1) < 2, torch.inf)],
        [noise() * 1e30],
        [noise() * 1e-3 + 100],
        [torch.full((2, 3, 4, 4), 0.1)],
        [torch.zeros(2, 3, 4, 4)],
    ],
    ids=["noise", "relu", "channels_last", "nan", "inf", "large", "narrow", "constant", "zeros"],
)
def test_sums_are_those_of_float64(batches):
    (found,) = watched(_Output(), batches)
    wanted = reference(batches)
    for name in KEPT:
        near = pytest.approx(wanted[name], rel=2e-5, abs=1e-6 * max(1.0, wanted["l1"] * 1e-3))
        assert found[name] == near, name


def test_an_empty_batch_counts_for_nothing():
    (found,) = watched(_Output(), [noise()[:0], noise()])
    assert found["mean"] == pytest.approx(float(noise().mean()), rel=1e-4)


class _Changing(nn.Module):
    """Two layers; after the first comes what `after` says, or nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 4)
        self.after = ["relu", "", "spoilt", "relu_"]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, after = self.one(x), self.after.pop(0)
        if after == "relu":
            x = torch.relu(x)
        elif after == "relu_":
            x = torch.relu_(x)
        elif after == "spoilt":
            x += 1_000
        return self.two(x)


def test_a_network_that_is_not_the_same_for_every_batch():
    torch.manual_seed(0)
    model, x = _Changing(), torch.randn(6, 4)
    with torch.no_grad():
        plain = model.one(x)
    first, second = watched(model, [x] * 4)
    # The second batch has no activation function, the third changes what the layer put out.
    wanted = reference([plain.relu(), plain, plain, plain.relu()])
    for name in KEPT:
        assert first[name] == pytest.approx(wanted[name], rel=1e-4, abs=1e-6), name
    assert second["maximum"] > 100


class _Noisy(nn.Module):
    """Two layers, dropout between them; what the second gets is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(6, 8), nn.Linear(8, 3)
        self.hidden: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = nn.functional.relu(self.one(x))
        self.hidden.append(hidden.detach().clone())
        return self.two(nn.functional.dropout(hidden, 0.5, training=self.training))


@pytest.fixture
def trained() -> tuple[_Noisy, TrainingActivations, list[Exception]]:
    # Where a test before compiled something in this process, nothing would be watched.
    if dynamo := sys.modules.get("torch._dynamo.utils"):
        dynamo.counters.clear()
    model, errors = _Noisy(), []
    layers = find_layers(model, normalisation=False)
    return model, TrainingActivations(model, layers, errors.append), errors


def no_hooks(model: nn.Module) -> bool:
    return (
        not any(module._forward_hooks for module in model.modules())
        and not torch_modules._has_any_global_hook()
    )


def test_training_activations_are_of_the_forward_passes_of_the_training(trained):
    model, watch, errors = trained
    batches = [torch.randn(4, 6), torch.randn(5, 6)]
    model(batches[0])
    watch.begin()
    outputs = [model(batch) for batch in batches]
    copy.deepcopy(model)  # what the script copies meanwhile has no hooks
    pickle.dumps(model)
    with torch.no_grad():
        model(batches[0] + 9)
    model.eval()(batches[0] - 9)
    model.train()
    found = [dict(zip(STATISTICS, map(float, row), strict=True)) for row in watch.end()]
    for layer, values in enumerate((model.hidden[1:3], [each.detach() for each in outputs])):
        wanted = reference(values)
        for name in KEPT:
            assert found[layer][name] == pytest.approx(wanted[name], rel=1e-4, abs=1e-6), name
    assert no_hooks(model)
    assert not errors
    assert not watch.missed


def test_what_is_computed_again_in_the_backward_pass_is_not_counted(trained):
    model, watch, _ = trained
    model.one.forward = lambda x, forward=model.one.forward: torch.utils.checkpoint.checkpoint(
        forward, x, use_reentrant=False
    )
    watch.begin()
    model(torch.randn(4, 6)).sum().backward()
    found = watch.end()
    assert found[0, STATISTICS.index("total")] == pytest.approx(
        float(model.hidden[0].sum()), rel=1e-4
    )


def test_a_forward_pass_that_fails_or_is_broken_off_leaves_nothing_behind(trained):
    model, watch, errors = trained
    for error in (ValueError, KeyboardInterrupt):
        hook = model.two.register_forward_pre_hook(partial(fail, error))
        watch.begin()
        with pytest.raises(error):
            model(torch.randn(4, 6))
        hook.remove()
        watch.stop()
        assert no_hooks(model)
        assert not _get_current_function_mode_stack()
    watch.begin()
    model.eval()(torch.randn(4, 6))
    assert watch.end() is None
    assert watch.missed
    assert not errors


def fail(error: type[BaseException], *seen: object) -> None:
    raise error


def test_an_error_of_the_watch_itself_does_not_reach_the_training(trained, monkeypatch):
    model, watch, errors = trained
    monkeypatch.setattr(watch._watch, "_take", partial(fail, MemoryError))
    watch.begin()
    assert torch.isfinite(model(torch.randn(4, 6))).all()
    watch.end()
    assert {type(error) for error in errors} == {MemoryError}
