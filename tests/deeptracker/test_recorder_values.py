"""What a network writes in its own forward pass, past torch's versions, is as without a Recorder.

Tried with the kinds that real networks have: weights that a forward pass bounds (EEGNet, embeddings
with max_norm), quantisation-aware training, codebooks and counters in plain tensors and arrays.
"""

import copy
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.ao import quantization
from torchmetrics import MeanMetric

from deeptracker import Recorder
from tests.deeptracker.logs import read
from tests.deeptracker.small_sets import IMAGES, LABELS, PLAIN
from tests.deeptracker.test_recorder_untouched import differences


class Bounded(nn.Linear):
    """Bounds its weight by putting another tensor in its place, as networks for EEG do."""

    def forward(self, x):
        self.weight.data = torch.renorm(self.weight.data, p=2, dim=0, maxnorm=0.3)
        return super().forward(x)


class Clamped(nn.Linear):
    """Bounds its weight in place, and torch does not count that."""

    def forward(self, x):
        self.weight.data.clamp_(-0.2, 0.2)
        return super().forward(x)


class Embedded(nn.Linear):
    """An embedding that torch itself bounds wherever it is looked up."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.table = nn.Embedding(12, 8, max_norm=0.5)

    def forward(self, x):
        return super().forward(self.table((x.abs() * 4).long().clamp(max=11)).mean(1))


class Counting(nn.Linear):
    """Counts its passes in memory of every kind."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.register_buffer("by_data", torch.zeros(1))
        self.register_buffer("by_numpy", torch.zeros(1))
        self.plain, self.array = torch.zeros(1), np.zeros(1)
        self.bank, self.named = [torch.zeros(1)], {"count": torch.zeros(1)}
        self.mean = MeanMetric()

    def forward(self, x):
        self.by_data.data.add_(1)
        self.by_numpy.numpy()[:] += 1
        self.plain += 1
        self.array += 1
        self.bank[0].add_(1)
        self.named["count"].mul_(2).add_(1)
        self.mean.update(1.0)
        return super().forward(x)

    def counts(self):
        several = (self.plain, self.array, self.bank[0], self.named["count"], self.mean.weight)
        return [float(count.reshape(-1)[0]) for count in several]


def plain(layer):
    return nn.Sequential(nn.Linear(8, 8), nn.ReLU(), layer(8, 3))


def quantised():
    network = nn.Sequential(quantization.QuantStub(), plain(nn.Linear), quantization.DeQuantStub())
    network.qconfig = quantization.get_default_qat_qconfig("fbgemm")
    return quantization.prepare_qat(network.train())


def train(make, run_dir=None):
    """Return all that the script can reach after six steps, with or without a Recorder."""
    torch.manual_seed(0)
    network = make()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5, momentum=0.9)
    recorder = run_dir and Recorder(network, optimizer, run_dir, every=2, validation=PLAIN)
    for number in range(6):
        batch = slice(number % 3, None, 3)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(IMAGES[batch]), LABELS[batch]).backward()
        optimizer.step()
        if recorder:
            recorder.step()
    state = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "counts": [m.counts() for m in network.modules() if isinstance(m, Counting)],
        "modes": [m.training for m in network.modules()],
        "versions": [p._version for p in network.parameters() if not hasattr(network, "qconfig")],
    }
    state = copy.deepcopy(state)
    if recorder:
        recorder.close()
    return state


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch", "ignore:Please use quant_min")
@pytest.mark.parametrize(
    "make",
    [lambda: plain(Bounded), lambda: plain(Clamped), lambda: plain(Counting), quantised],
    ids=["another tensor in its place", "in place", "memory of every kind", "quantisation-aware"],
)
def test_what_a_forward_pass_writes(make, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert differences(train(make), train(make, tmp_path / "run")) == []
    _, snapshots = read(tmp_path / "run")
    assert [len(snapshot.prediction) for snapshot in snapshots] == [12, 12, 12]


def test_a_table_that_torch_bounds(tmp_path):
    # Torch counts that it wrote, also where it wrote the same; values are what must not differ.
    states = [train(lambda: plain(Embedded), run_dir) for run_dir in (None, tmp_path / "run")]
    for state in states:
        del state["versions"]
    assert differences(*states) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_part_of_torch_jit_stays_as_it_is_and_is_named(tmp_path):
    def make():
        part = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))
        return nn.Sequential(torch.jit.script(part), nn.Linear(8, 3))

    # What torch itself makes of such a part after its first passes is rounded in another way.
    with torch.jit.optimized_execution(False), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the network's graph is not recorded")
        assert differences(train(make), train(make, tmp_path / "run")) == []
    manifest, _ = read(tmp_path / "run")
    assert [layer.name for layer in manifest.layers] == ["1"]
    assert "in a part that torch.jit made" in [part.reason for part in manifest.unrecorded]
