"""A network that FSDP2 shards over two processes is recorded as it is in one, and trains as ever."""

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed, nn
from torch.distributed.fsdp import fully_shard

from deeptracker import Recorder
from deeptracker.errors import RecordingError
from deeptracker.format import RunDirectory
from tests.deeptracker.trainings import load_digits, seed_all, validation_set

ITERATIONS = 4


class GatedNet(nn.Module):
    """Layers whose filters do not divide by two: 5, a single one (an empty shard), and 10."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 5, 3, padding=1)
        self.gate = nn.Conv2d(5, 1, 1)
        self.fc = nn.Linear(5, 10)

    def forward(self, images):
        x = torch.relu(self.conv(images))
        return self.fc((x * torch.sigmoid(self.gate(x))).mean(dim=(2, 3)))


def train(folder, *, sharded, record=True):
    """Return the losses of a training on the same batches in all processes."""
    data = load_digits()[0]
    seed_all(0)
    network = GatedNet()
    if sharded:
        fully_shard(network.conv)
        fully_shard(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)
    order, losses = torch.Generator().manual_seed(1), []

    def iterate():
        chosen = torch.randint(len(data), (16,), generator=order)
        images, labels = (part[chosen] for part in data.tensors)
        loss = nn.functional.cross_entropy(network(images + 0.1 * torch.rand(1)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
        return loss

    if not record:
        for _ in range(ITERATIONS):
            iterate()
        return losses
    with Recorder(
        network, optimizer, folder, every=2, validation=validation_set(), activations=True
    ) as recorder:
        for _ in range(ITERATIONS):
            recorder.step(train_loss=iterate())
    return losses
