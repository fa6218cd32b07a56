"""What the machine does is logged beside a real training, and changes nothing in it."""

import time

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from deeptracker import Recorder, machine
from deeptracker.format import RunDirectory, read_manifest

STEPS = 12


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


def train(path, **options):
    torch.manual_seed(1)
    network = nn.Linear(6, 3)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.001)
    with Recorder(network, optimizer, path, every=4, **options) as recorder:
        for images, labels in recorder.loading(DataLoader(Slow(), batch_size=4)):
            scores = network(images)
            loss = nn.functional.cross_entropy(scores, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.step(train_loss=loss, scores=scores, labels=labels)
    return network.weight.detach().clone()


def logged(path):
    manifest = read_manifest(path / "run.json")
    found = {}
    for iteration in RunDirectory(path).iterations():
        for name, series in RunDirectory(path).snapshot(manifest, iteration).scalars.items():
            found.setdefault(name, []).extend(series.values)
    return {name: np.array(values) for name, values in found.items()}


def test_processor_memory_and_pace_are_scalars(tmp_path, often):
    train(tmp_path / "run")
    found = logged(tmp_path / "run")
    of_machine = {name.removeprefix(machine.PREFIX) for name in found if "machine/" in name}
    assert of_machine >= {
        "cpu_percent", "process_cpu_percent", "memory_percent", "process_memory_gb",
        "iterations_per_second", "images_per_second", "loading_percent",
    }  # fmt: skip
    assert all(np.isfinite(values).all() for values in found.values())
    assert len(found["machine/process_memory_gb"]) == STEPS
    assert 0.01 < found["machine/process_memory_gb"][-1] < 100
    # Each batch took 20 ms at least to come, and next to nothing to compute.
    assert np.median(found["machine/loading_percent"]) > 30
    paces = found["machine/iterations_per_second"], found["machine/images_per_second"]
    assert np.allclose(paces[1], 4 * paces[0])


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
