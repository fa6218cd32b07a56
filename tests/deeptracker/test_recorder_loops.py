"""Loops of many kinds are recorded as they were, and go on as they would have."""

import copy
import warnings

import numpy as np
import pytest
import torch
from lightning.fabric import Fabric
from torch import nn
from torch._dynamo.utils import counters
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, DistributedSampler

from deeptracker import Recorder
from deeptracker.errors import RecordingError
from deeptracker.format import STATISTICS
from tests.deeptracker.logs import read, series
from tests.deeptracker.small_sets import IMAGES, LABELS, PLAIN
from tests.deeptracker.test_recorder_untouched import differences

L2 = STATISTICS.index("l2")


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3))


def sgd(model, **options):
    return torch.optim.SGD(model.parameters(), **{"lr": 0.1, "momentum": 0.9, **options})


def loss_of(model):
    return nn.functional.cross_entropy(model(IMAGES).float(), LABELS)


class Loop:
    """Six iterations of a network, in the plainest way; subclasses do it in another."""

    steps = 6

    def __init__(self):
        self.model = network()
        self.optimizer = sgd(self.model)

    def recorder(self, run_dir):
        return Recorder(self.model, self.optimizer, run_dir, every=1, validation=PLAIN)

    def iterate(self, number):
        self.optimizer.zero_grad()
        loss_of(self.model).backward()
        self.optimizer.step()

    def weights(self):
        """Return the weights of both linear layers."""
        return [m.weight for m in self.model.modules() if isinstance(m, nn.Linear)]

    def state(self):
        """Return all that the script has of it."""
        several = self.optimizer if isinstance(self.optimizer, list) else [self.optimizer]
        return {
            "model": self.model.state_dict(),
            "gradients": [parameter.grad for parameter in self.model.parameters()],
            "optimizers": [optimizer.state_dict() for optimizer in several],
            "modes": [module.training for module in self.model.modules()],
            "hooks": [len(module._forward_hooks) for module in self.model.modules()],
        }

    def run(self, run_dir=None):
        """Return how far both weights moved, [iterations, 2]."""
        recorder = self.recorder(run_dir) if run_dir else None
        moved = []
        for number in range(self.steps):
            before = [w.detach().float().clone() for w in self.weights()]
            self.iterate(number)
            pairs = zip(self.weights(), before, strict=True)
            moved.append([float((w.detach().float() - b).norm()) for w, b in pairs])
            if recorder:
                recorder.step()
        if recorder:
            recorder.close()
        return np.array(moved)


class CompiledStep(Loop):
    """The whole iteration is compiled, and the step of the optimizer by itself."""

    steps = 4

    def __init__(self):
        super().__init__()
        self.whole = torch.compile(lambda: Loop.iterate(self, 0), backend="eager")
        self.only_step = torch.compile(lambda: self.optimizer.step(), backend="eager")

    def iterate(self, number):
        if number % 2:
            self.whole()
            return
        self.optimizer.zero_grad()
        loss_of(self.model).backward()
        self.only_step()


class CompiledNetwork(Loop):
    """The compiled network itself is what validation is told to use."""

    steps = 4

    def __init__(self):
        super().__init__()
        self.compiled = torch.compile(self.model, backend="eager")

    def recorder(self, run_dir):
        return Recorder(
            self.compiled,
            self.optimizer,
            run_dir,
            every=1,
            validation=PLAIN,
            validation_forward=self.compiled,
            activations=True,
        )

    def iterate(self, number):
        self.optimizer.zero_grad()
        loss_of(self.compiled).backward()
        self.optimizer.step()


class InBackward(Loop):
    """Each parameter has its own optimizer, which steps within the backward pass."""

    def __init__(self):
        super().__init__()
        self.optimizer = []
        for parameter in self.model.parameters():
            own = torch.optim.SGD([parameter], lr=0.1)
            self.optimizer.append(own)
            parameter.register_post_accumulate_grad_hook(self.steps_with(own))

    def steps_with(self, optimizer):
        def step(parameter):
            optimizer.step()
            optimizer.zero_grad()

        return step

    def iterate(self, number):
        loss_of(self.model).backward()


class Unfreezing(Loop):
    """A layer comes in a group of its own, another one is frozen, with a gradient left over."""

    def __init__(self):
        super().__init__()
        self.model[0].requires_grad_(False)
        self.optimizer = sgd(self.model[2])

    def iterate(self, number):
        if number == 2:
            self.model[0].requires_grad_(True)
            self.optimizer.add_param_group({"params": self.model[0].parameters(), "lr": 0.01})
        if number == 4:
            self.model[2].requires_grad_(False)
        self.optimizer.zero_grad(set_to_none=False)
        loss_of(self.model).backward()
        self.optimizer.step()


class Lbfgs(Loop):
    def __init__(self):
        super().__init__()
        self.optimizer = torch.optim.LBFGS(self.model.parameters(), lr=0.1, max_iter=3)

    def iterate(self, number):
        def closure():
            self.optimizer.zero_grad()
            loss = loss_of(self.model)
            loss.backward()
            return loss

        self.optimizer.step(closure)


class CopiedOptimizer(Loop):
    """A copy of the optimizer, which has no hooks of its own, takes over."""

    def iterate(self, number):
        if number == 3:
            same = {id(parameter): parameter for parameter in self.model.parameters()}
            self.optimizer = copy.deepcopy(self.optimizer, same)
        super().iterate(number)


class Averaged(Loop):
    """The average of the weights is evaluated in between, in the middle of an iteration."""

    def __init__(self):
        super().__init__()
        self.average = AveragedModel(self.model)

    def iterate(self, number):
        super().iterate(number)
        self.average.update_parameters(self.model)
        self.average = copy.deepcopy(self.average)
        loss_of(self.average)


class Lazy(Loop):
    def __init__(self):
        torch.manual_seed(1)
        self.model = nn.Sequential(nn.LazyLinear(6), nn.ReLU(), nn.LazyLinear(3))
        loss_of(self.model)
        self.optimizer = sgd(self.model)


class WithFabric(Loop):
    """Network, optimizer and the loader of the validation set are wrapped by Fabric."""

    precision = "32-true"

    def __init__(self):
        super().__init__()
        self.fabric = Fabric(accelerator="cpu", devices=1, precision=self.precision)
        self.model, self.optimizer = self.fabric.setup(self.model, self.optimizer)

    def recorder(self, run_dir):
        sampler = DistributedSampler(PLAIN, num_replicas=2, rank=0)
        loader = self.fabric.setup_dataloaders(DataLoader(PLAIN, 5, sampler=sampler))
        return Recorder(self.model, self.optimizer, run_dir, every=1, validation=loader)

    def iterate(self, number):
        self.optimizer.zero_grad()
        self.fabric.backward(loss_of(self.model))
        self.optimizer.step()


class WithFabricInBfloat16(WithFabric):
    precision = "bf16-true"


LOOPS = [
    Loop,
    CompiledStep,
    CompiledNetwork,
    InBackward,
    Unfreezing,
    Lbfgs,
    CopiedOptimizer,
    Averaged,
    Lazy,
    WithFabric,
    WithFabricInBfloat16,
]


@pytest.mark.parametrize("kind", LOOPS)
def test_every_step_is_measured_and_the_training_is_the_same(kind, tmp_path):
    expected, loop = kind(), kind()
    moved = expected.run()
    random = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert np.array_equal(loop.run(tmp_path / "run"), moved)
    assert torch.equal(torch.get_rng_state(), random)
    manifest, found = read(tmp_path / "run")
    assert [layer.name for layer in manifest.layers] == ["0", "2"]
    assert manifest.remarks == ()
    assert manifest.images.class_id.tolist() == LABELS.tolist()
    updates = np.array([snapshot.statistics["update"][:, L2] for snapshot in found])
    # What nobody stepped is not known, rather than unmoved.
    still = moved == 0
    assert np.isnan(updates[still]).all()
    assert updates[~still] == pytest.approx(moved[~still], rel=1e-4)
    weights = [float(w.detach().float().norm()) for w in loop.weights()]
    assert found[-1].statistics["weight"][:, L2] == pytest.approx(weights, rel=1e-5)
    assert differences(loop.state(), expected.state()) == []


def graphs_of(loop, run_dir=None):
    """Return how many graphs were compiled in a training."""
    torch._dynamo.reset()
    counters.clear()
    loop.run(run_dir)
    return counters["stats"]["unique_graphs"]


@pytest.mark.parametrize("kind", [CompiledStep, CompiledNetwork])
def test_nothing_is_compiled_anew_for_the_recorder(kind, tmp_path):
    expected = graphs_of(kind())
    assert expected > 0
    assert graphs_of(kind(), tmp_path / "run") == expected
    (*_, last) = read(tmp_path / "run")[1]
    if kind is CompiledNetwork:
        assert np.isfinite(last.statistics["activation"][:, L2]).all()


def test_an_iteration_that_is_compiled_with_the_recorder_in_it(tmp_path):
    loop = Loop()
    recorder = loop.recorder(tmp_path / "run")

    @torch.compile(backend="eager")
    def iterate():
        loop.iterate(0)
        recorder.step(train_loss=loss_of(loop.model).detach())

    for _ in range(3):
        iterate()
    recorder.close()
    manifest, found = read(tmp_path / "run")
    assert manifest.remarks == ()
    assert [snapshot.iteration for snapshot in found] == [1, 2, 3]
    assert all(len(snapshot.prediction) == 12 for snapshot in found)
    assert all((snapshot.statistics["update"][:, L2] > 0).all() for snapshot in found)


def test_the_rates_of_groups_that_come(tmp_path):
    Unfreezing().run(tmp_path / "run")
    _, found = read(tmp_path / "run")
    assert series(found, "learning_rate") == dict.fromkeys(range(1, 7), 0.1)
    assert series(found, "learning_rate/1") == dict.fromkeys(range(3, 7), 0.01)


def test_a_lazy_network_is_to_see_a_batch_first(tmp_path):
    model = nn.Sequential(nn.LazyLinear(3))
    with pytest.raises(RecordingError, match="layer '0' has no shape yet; run one batch through"):
        Recorder(model, sgd(model), tmp_path / "run", every=1)


def test_a_fused_optimizer_goes_on_after_a_step_that_was_skipped(tmp_path):
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    moved = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="iteration 2 is a snapshot")
        with Recorder(model, optimizer, tmp_path / "run", every=1) as recorder:
            for number in range(4):
                before = model[0].weight.detach().clone()
                optimizer.zero_grad()
                scaler.scale(loss_of(model)).backward()
                if number == 1:
                    model[0].weight.grad[0, 0] = torch.inf
                scaler.step(optimizer)
                scaler.update()
                moved.append(float((model[0].weight.detach() - before).norm()))
                recorder.step()
    assert moved[1] == 0
    moved[1] = np.nan
    updates = [s.statistics["update"][0, L2] for s in read(tmp_path / "run")[1]]
    assert updates == pytest.approx(moved, rel=1e-4, nan_ok=True)


def test_large_numbers_in_float16_do_not_overflow(tmp_path):
    model = nn.Sequential(nn.Linear(400, 250, bias=False)).half()
    with torch.no_grad():
        model[0].weight.fill_(300)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    with Recorder(model, optimizer, tmp_path / "run", every=1) as recorder:
        model[0].weight.grad = torch.full_like(model[0].weight, 300)
        optimizer.step()
        recorder.step()
    (snapshot,) = read(tmp_path / "run")[1]
    expected = 300 * np.sqrt(100_000)
    for quantity in ("gradient", "update"):
        assert snapshot.statistics[quantity][0, L2] == pytest.approx(expected, rel=1e-5)
        total = abs(snapshot.statistics[quantity][0, STATISTICS.index("total")])
        assert total == pytest.approx(300 * 100_000, rel=1e-5)
