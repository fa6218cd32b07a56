"""What the machine does is logged beside a real training, and changes nothing in it."""

import copy
import io
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from deeptracker import Recorder, machine
from deeptracker.format import RunDirectory, read_manifest
from deeptracker.step_clock import StepClock

STEPS = 12
# What the images of a batch take at least to come, however busy the machine is.
BATCH_SECONDS = 4 * 0.005


class Slow(Dataset):
    """Images that take a while to come."""

    def __len__(self):
        return STEPS * 4

    def __getitem__(self, number):
        time.sleep(0.005)
        return torch.full((6,), float(number)), number % 3


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(machine, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(machine, "EVERY_SECONDS", 0.0)


def train(path, *, told=True, **options):
    torch.manual_seed(1)
    network = nn.Linear(6, 3)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.001)
    with Recorder(network, optimizer, path, every=4, **options) as recorder:
        loader = DataLoader(Slow(), batch_size=4)
        for images, labels in recorder.loading(loader) if told else loader:
            scores = network(images)
            loss = nn.functional.cross_entropy(scores, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            named = {"scores": scores, "labels": labels} if told else {}
            recorder.step(train_loss=loss, **named)
    return network.weight.detach().clone()


def logged(path):
    manifest = read_manifest(path / "run.json")
    found = {}
    for iteration in RunDirectory(path).iterations():
        for name, series in RunDirectory(path).snapshot(manifest, iteration).scalars.items():
            found.setdefault(name, []).extend(series.values)
    return {name: np.array(values) for name, values in found.items()}


def loading_seconds(found):
    """How long the training waited for batches, by the share of that time and the pace.

    The share alone says how busy the machine was: other tests take what computing needs.
    """
    shares, pace = found["machine/loading_percent"] / 100, found["machine/iterations_per_second"]
    return (shares / pace[-len(shares) :]).sum()


def test_processor_memory_and_pace_are_scalars(tmp_path, often):
    train(tmp_path / "run")
    found = logged(tmp_path / "run")
    of_machine = {name.removeprefix(machine.PREFIX) for name in found if "machine/" in name}
    assert of_machine >= {
        "cpu_percent", "process_cpu_percent", "memory_percent", "process_memory_gb",
        "iterations_per_second", "images_per_second", "loading_percent", "recording_percent",
        "computing_percent", "memory_total_gb", "process_cpu_total_percent",
    }  # fmt: skip
    shares = ("loading", "recording", "computing")
    assert np.allclose(sum(found[f"machine/{share}_percent"] for share in shares), 100)
    assert (found["machine/process_memory_gb"] < found["machine/memory_total_gb"]).all()
    assert all(np.isfinite(values).all() for values in found.values())
    assert len(found["machine/process_memory_gb"]) == STEPS
    assert 0.01 < found["machine/process_memory_gb"][-1] < 100
    assert loading_seconds(found) > 0.5 * STEPS * BATCH_SECONDS
    speeds = found["machine/iterations_per_second"], found["machine/images_per_second"]
    assert np.allclose(speeds[1], 4 * speeds[0])


def test_the_training_is_the_same_without(tmp_path, often):
    with_it, without = train(tmp_path / "a"), train(tmp_path / "b", machine=False)
    assert torch.equal(with_it, without)
    assert not [name for name in logged(tmp_path / "b") if "machine/" in name]


def test_what_cannot_be_read_is_left_out(tmp_path, often, monkeypatch):
    def refuse(*_):
        raise OSError("hidden")

    monkeypatch.setattr(machine.psutil, "virtual_memory", refuse)
    monkeypatch.setattr(machine.psutil, "disk_io_counters", lambda: None)
    train(tmp_path / "run")
    found = logged(tmp_path / "run")
    assert "machine/memory_percent" not in found
    assert "machine/process_memory_gb" in found
    assert read_manifest(tmp_path / "run" / "run.json").remarks == ()


def test_waiting_is_known_without_being_told(tmp_path, often):
    without = train(tmp_path / "run", told=False)
    found = logged(tmp_path / "run")
    # The first batch came before the first step ended.
    assert len(found["machine/loading_percent"]) == STEPS - 1
    assert loading_seconds(found) > 0.5 * STEPS * BATCH_SECONDS
    speeds = found["machine/iterations_per_second"], found["machine/images_per_second"]
    assert np.allclose(speeds[1], 4 * speeds[0])
    assert torch.equal(without, train(tmp_path / "b", told=False, machine=False))


class TestStepClock:
    def clock(self, call=lambda network: network, network=None):
        network = network or nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        clock, model = StepClock(), call(network)
        clock.watch(model, network, passes=True)
        return clock, model, network

    def go(self, clock, model, times=3):
        for _ in range(times):
            clock.enter()
            clock.leave()
            model(torch.ones(5, 4))

    def test_counts_images_and_times_what_comes_before_the_backward_pass(self):
        clock, model, network = self.clock()
        self.go(clock, model)
        spent = clock.take()
        assert spent.images == 15
        assert spent.until_backward > spent.loading > 0
        clock.close()
        assert not network._forward_pre_hooks
        assert not network._forward_hooks

    def test_what_a_validation_surrounds_is_no_waiting(self):
        clock, model, _ = self.clock()
        clock.enter()
        clock.leave()
        with torch.no_grad():
            model(torch.ones(5, 4))
        time.sleep(0.5)
        model(torch.ones(5, 4))
        assert clock.take().loading is None
        self.go(clock, model, times=1)
        assert clock.take().loading < 0.5

    @pytest.mark.parametrize("how", ["wrapped", "in place", "around"])
    def test_a_compiled_network_is_compiled_whole(self, how):
        def compiled(network):
            if how == "in place":
                network.compile(backend="aot_eager", fullgraph=True)
                return network
            return network if how == "around" else whole(network)

        def whole(call):
            return torch.compile(call, backend="aot_eager", fullgraph=True)

        clock, model, network = self.clock(compiled)
        self.go(clock, whole(lambda x: network(x)) if how == "around" else model)
        # What is within one graph cannot be seen from there.
        assert clock.take().images == (15 if how == "wrapped" else None)

    def test_a_copy_or_a_file_of_the_network_needs_no_deeptracker(self):
        clock, _, network = self.clock()
        twin = copy.deepcopy(network)
        twin(torch.ones(5, 4))
        assert clock.take().images is None
        file = io.BytesIO()
        torch.save(network, file)
        assert b"deeptracker" not in file.getvalue()
        assert b"deeptracker" not in pickle.dumps(network)

    def test_a_network_that_takes_no_hooks_is_trained_all_the_same(self):
        class Odd(nn.Linear):
            def register_forward_pre_hook(self, *_, **__):
                raise RuntimeError("none here")

        clock, model, _ = self.clock(network=Odd(4, 4))
        self.go(clock, model)
        assert clock.take().loading is None


def test_the_machines_of_other_ranks_are_recorded_by_rank_0(tmp_path):
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
        "-m", "tests.deeptracker.ranked_training", str(tmp_path / "run"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    found = logged(tmp_path / "run")
    for name in ("loading_percent", "process_memory_gb", "until_backward_ms", "images_per_second"):
        assert len(found[f"machine/rank1/{name}"]) > 5
        assert len(found[f"machine/{name}"]) > 5
    # The second process sleeps in its loader; what is of the host is said once.
    slow, fast = (np.median(found[f"machine/{r}until_backward_ms"]) for r in ("rank1/", ""))
    assert slow > fast + 30
    assert "machine/cpu_percent" in found
    assert "machine/rank1/cpu_percent" not in found
    assert read_manifest(tmp_path / "run" / "run.json").remarks == ()
