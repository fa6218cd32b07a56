"""All that a script can reach is the same with and without the Recorder, over many loops."""

import copy
import gc
import multiprocessing
import pickle
import random
import warnings
from collections import OrderedDict

import numpy as np
import pytest
import torch
import torch._dynamo.utils
from torch import nn
from torch.nn.utils import parametrizations, prune
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset, RandomSampler

from deeptracker import Recorder
from deeptracker.demo import load_digits
from deeptracker.format import RunDirectory
from tests.deeptracker.trainings import SmallNet, seed_all

GLOBAL_NUMBERS = np.random.default_rng(3)
ITERATIONS = 6


class Jittered(Dataset):
    """Digits with noise from generators of every kind, one of them global, and a counter."""

    def __init__(self, images=48):
        self.images, self.labels = (part[:images] for part in load_digits()[1].tensors)
        self.numbers = np.random.default_rng(1)
        self.legacy = np.random.RandomState(1)
        self.python = random.Random(1)
        self.torch = torch.Generator().manual_seed(1)
        self.given = 0

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        self.given += 1
        noise = self.numbers.random() + self.legacy.rand() + self.python.random()
        noise += GLOBAL_NUMBERS.random() + random.random() + np.random.rand()
        noise += float(torch.rand((), generator=self.torch)) + float(torch.rand(()))
        return self.images[index] + 0.01 * noise, self.labels[index]


class Chatty(SmallNet):
    """A network that remembers its last output, counts its calls, and lists them."""

    def __init__(self):
        super().__init__()
        self.calls, self.seen, self.last = 0, [], None
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        self.calls += 1
        self.seen.append(len(x))
        self.steps += 1
        self.last = super().forward(x)
        return self.last


class Loop:
    """A training whose data, generators and hooks are all of the script's own."""

    def __init__(self, way):
        load_digits()  # importing what loads the data draws random numbers
        seed_all(0)
        global GLOBAL_NUMBERS
        GLOBAL_NUMBERS = np.random.default_rng(3)
        self.way, self.losses, self.watched = way, [], []
        self.model = Chatty()
        if way == "channels_last":
            self.model = self.model.to(memory_format=torch.channels_last)
        if way == "spectral norm":
            parametrizations.spectral_norm(self.model.conv2)
            nn.utils.spectral_norm(self.model.fc)
        if way == "pruned":
            prune.l1_unstructured(self.model.conv2, "weight", 0.4)
            parametrizations.weight_norm(self.model.fc)
        self.data = Jittered()
        self.generator = torch.Generator().manual_seed(5)
        workers = 2 if way == "workers" else 0
        self.loader = DataLoader(
            self.data,
            batch_size=8,
            sampler=RandomSampler(self.data, generator=self.generator),
            generator=self.generator,
            num_workers=workers,
            persistent_workers=bool(workers),
        )
        self.model.norm1.register_forward_hook(lambda *seen: self.watched.append(seen[0].training))
        self.model.norm1.eval()  # a module of another mode than its model keeps it
        # A pruned weight cannot be copied.
        averaged = Chatty() if way == "pruned" else self.model
        average = get_ema_multi_avg_fn(0.9)
        self.ema = AveragedModel(averaged, multi_avg_fn=average, use_buffers=True)
        self.call = (
            torch.compile(self.model, backend="aot_eager") if way == "compile" else self.model
        )
        self.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, enabled=way == "scaler")
        parts = [list(self.model.parameters())]
        if way == "several optimizers":
            parts = [parts[0][:4], parts[0][4:]]
        self.optimizers = [torch.optim.SGD(part, lr=0.05, momentum=0.9) for part in parts]
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizers[0], 0.9)

    def recorder(self, run_dir):
        ema = self.ema
        return Recorder(
            self.call,
            self.optimizers,
            run_dir,
            every=2,
            validation=self.loader,
            # A network in training mode that only this function reaches.
            validation_forward=(lambda x: ema(x)) if self.way == "ema" else None,
            thumbnails=True,
            normalisation=True,
            activations=True,
            training_activations=True,
        )

    def iterate(self, images, labels, number):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.way in ("autocast", "scaler")):
            loss = nn.functional.cross_entropy(self.call(images), labels)
        self.scaler.scale(loss).backward()
        self.losses.append(float(loss.detach()))
        if self.way == "accumulation" and number % 2:
            return
        for optimizer in self.optimizers:
            self.scaler.step(optimizer)
        self.scaler.update()
        self.schedule.step()
        if self.way != "pruned":
            self.ema.update_parameters(self.model)

    def run(self, run_dir=None):
        recorder = self.recorder(run_dir) if run_dir else None
        number = 0
        while number < ITERATIONS:
            for images, labels in self.loader:
                if number == ITERATIONS:
                    break
                number += 1
                for optimizer in self.optimizers:
                    optimizer.zero_grad()
                self.iterate(images, labels, number)
                if recorder:
                    with torch.autocast("cpu", torch.bfloat16, enabled=self.way == "autocast"):
                        recorder.step(train_loss=self.losses[-1])
        state = self.state()
        if recorder:
            recorder.close()
        return state

    def state(self):
        """All that the script can reach: what a difference could be seen in."""
        return {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "scaler": self.scaler.state_dict(),
            "gradients": [p.grad for p in self.model.parameters()],
            "modes": [m.training for m in (*self.model.modules(), *self.ema.modules())],
            "hooks": [len(m._forward_hooks) for m in self.model.modules()],
            "attributes": (self.model.calls, self.model.seen, self.model.last),
            "watched": self.watched,
            "losses": self.losses,
            "data": (self.data.given, self.data.numbers.bit_generator.state),
            "generators": (
                self.data.legacy.get_state()[1].tolist(),
                self.data.python.getstate(),
                self.data.torch.get_state(),
                self.generator.get_state(),
                GLOBAL_NUMBERS.bit_generator.state,
            ),
            "random": (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()),
            "torch": (
                torch.is_grad_enabled(),
                torch.is_autocast_cache_enabled(),
                torch.is_autocast_enabled("cpu"),
                torch.are_deterministic_algorithms_enabled(),
                torch.get_default_dtype(),
                torch.get_num_threads(),
            ),
        }


def differences(one, other, place=""):
    """Return the places at which two nested states are not bit-identical."""
    if isinstance(one, torch.Tensor):
        same = one.dtype == other.dtype and one.stride() == other.stride()
        return [] if same and torch.equal(one, other) else [place]
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return [f"{place}: {one.keys() ^ other.keys()}"]
        return [d for key in one for d in differences(one[key], other[key], f"{place}.{key}")]
    if isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return [f"{place}: {len(one)} and {len(other)}"]
        pairs = enumerate(zip(one, other, strict=True))
        return [d for at, (a, b) in pairs for d in differences(a, b, f"{place}[{at}]")]
    return [] if one == other else [place]


WAYS = [
    "plain",
    "accumulation",
    "autocast",
    "scaler",
    "compile",
    "ema",
    "workers",
    "several optimizers",
    "channels_last",
    "spectral norm",
    "pruned",
]


@pytest.fixture(autouse=True)
def no_workers_left():
    """Loaders, their passes and their workers hold each other: none outlives its test."""
    yield
    for worker in multiprocessing.active_children():
        worker.terminate()
        worker.join()
    gc.collect()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("way", WAYS)
def test_everything_is_the_same_with_and_without(way, tmp_path):
    expected = Loop(way).run()
    if way != "compile":
        # Where something was compiled, nothing watches the training.
        torch._dynamo.utils.counters.clear()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="iteration .* is a snapshot")
        warnings.filterwarnings("ignore", message="iteration .* has no activations on training")
        found = Loop(way).run(tmp_path / "run")
    assert differences(expected, found) == []
    run = RunDirectory(tmp_path / "run")
    watched = run.snapshot(run.manifest(), ITERATIONS).statistics.get("training_activation")
    assert (watched is None) == (way == "compile")
    assert len(RunDirectory(tmp_path / "run").iterations()) == ITERATIONS // 2


def test_what_the_matrix_compares_would_show_a_difference():
    loop = Loop("plain")
    loop.run()
    before = copy.deepcopy({**loop.state(), "attributes": None, "watched": None})
    loop.ema.train()
    loop.ema(loop.data.images)
    loop.data[0]
    after = {**loop.state(), "attributes": None}
    places = {place.split(".")[1].split("[")[0] for place in differences(before, after)}
    assert {"ema", "data", "generators", "random"} <= places


def test_a_pass_over_the_scripts_own_loader_is_not_disturbed(tmp_path):
    loop = Loop("workers")
    passes = iter(loop.loader)
    next(passes)
    with loop.recorder(tmp_path / "run") as recorder:
        for _ in range(2):
            recorder.step()
    assert sum(1 for _ in passes) == len(loop.loader) - 1
    pickle.dumps(loop.model.state_dict())


class Lazy:
    """An object that ends whoever asks for what it has not got, as some libraries' do."""

    __slots__ = ("data", "empty")

    def __init__(self, data):
        self.data = data

    def __getattr__(self, name):
        raise TypeError(f"{name} cannot be made here")


def test_looking_for_what_is_reached_runs_no_code_of_it(tmp_path):
    seed_all(0)
    model = SmallNet()
    model.lazy = Lazy([torch.Generator().manual_seed(3)])
    before = model.lazy.data[0].get_state()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Recorder(model, optimizer, tmp_path / "run", every=1, validation=Jittered()) as recorder:
        recorder.step()
    assert recorder.manifest.remarks[0].subject == "no step"
    assert len(RunDirectory(tmp_path / "run").snapshot(recorder.manifest, 1).prediction) == 48
    assert torch.equal(model.lazy.data[0].get_state(), before)


class MadeOnDemand(OrderedDict):
    """A dictionary that makes what it holds only when it is asked, as one of transformers does."""

    def __getitem__(self, name):
        return super().__getitem__(name)()


class Remembers(list):
    """A list that nobody else may copy or empty."""

    def copy(self):
        raise TypeError("not to be copied")

    def clear(self):
        raise TypeError("not to be emptied")


class Odd(SmallNet):
    """A network with containers of its own kinds, which it fills as it goes."""

    def __init__(self):
        super().__init__()
        self.made, self.seen = MadeOnDemand(a=list, b=dict), Remembers([1])
        self.system = random.SystemRandom()

    def forward(self, x):
        if not self.training:
            self.made["c"] = tuple
            self.seen.append(len(x))
        return super().forward(x)


def test_containers_of_other_kinds_are_as_they_were(tmp_path):
    seed_all(0)
    model = Odd()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Recorder(model, optimizer, tmp_path / "run", every=1, validation=Jittered()) as recorder:
        recorder.step()
    assert list(OrderedDict.items(model.made)) == [("a", list), ("b", dict)]
    assert list(model.made) == ["a", "b"]
    assert list(model.seen) == [1]
    assert [remark.subject for remark in recorder.manifest.remarks] == ["no step"]
