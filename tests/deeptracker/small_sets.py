"""Twelve images of three classes for a linear layer: data sets of many forms, recorded once."""

import re

import torch
from torch import nn
from torch.utils.data import Dataset, IterableDataset, Sampler, TensorDataset

from deeptracker import Recorder
from tests.deeptracker.logs import read

IMAGES = torch.randn(12, 8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(12) % 3
PLAIN = TensorDataset(IMAGES, LABELS)


class Net(nn.Module):
    """A linear layer, and what is made of its scores."""

    def __init__(self, make=lambda scores: scores, *, classes=3):
        super().__init__()
        torch.manual_seed(1)
        self.linear, self.make = nn.Linear(8, classes), make

    def forward(self, x):
        return self.make(self.linear(x))


class Items(Dataset):
    """A data set of whatever `make` gives for the number of an image."""

    def __init__(self, make):
        self.make = make

    def __len__(self):
        return 12

    def __getitem__(self, index):
        return self.make(index)


class Stream(IterableDataset):
    def __init__(self, items):
        self.items = items

    def __iter__(self):
        return iter(self.items)


class InOrder(Sampler):
    """The places of images, some of them more than once."""

    def __init__(self, places):
        self.places = places

    def __iter__(self):
        return iter(self.places)


def once():
    yield from PLAIN


def record(run_dir, model, validation, *, remarks=(), **options):
    """Record one snapshot; `remarks` are what the run is to say, as patterns."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Recorder(model, optimizer, run_dir, every=1, validation=validation, **options) as recorder:
        model.linear.weight.grad = torch.zeros_like(model.linear.weight)
        optimizer.step()
        recorder.step()
    manifest, (snapshot,) = read(run_dir)
    assert len(manifest.remarks) == len(remarks)
    for remark, pattern in zip(manifest.remarks, remarks, strict=True):
        assert re.search(pattern, remark.text), remark.text
    return manifest, snapshot
