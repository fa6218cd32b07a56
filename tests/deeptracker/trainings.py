"""Small real trainings that notice any interference: dropout, batch norm, momentum, decay."""

import random
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from deeptracker.demo import load_digits

# Several threads gain nothing here, and wait for each other where the cores are busy.
torch.set_num_threads(1)


class SmallNet(nn.Module):
    """Two convolutions with batch normalisation and dropout, and a linear layer, for digits."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        x = torch.relu(self.norm1(self.conv1(x)))
        x = torch.relu(self.norm2(self.conv2(x)))
        return self.fc(self.drop(x.mean(dim=(2, 3))))


def seed_all(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def validation_set(images=60):
    """Some of the held-out digits, of every class."""
    chosen = torch.arange(images) * 400 // images
    return TensorDataset(*(part[chosen] for part in load_digits()[1].tensors))


@dataclass
class Training:
    """A loop whose iterations draw from every random state."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    loader: DataLoader

    def loss(self):
        images, labels = next(iter(self.loader))
        images = images + 0.01 * random.random() + 0.01 * float(np.random.rand())
        return nn.functional.cross_entropy(self.model(images), labels)

    def iterate(self):
        loss = self.loss()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss


def make_training(*, seed=0, make=None, model=None):
    data = load_digits()[0]
    # Only now: importing what loads the data draws random numbers.
    seed_all(seed)
    model = SmallNet() if model is None else model
    make = make or (
        lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9, weight_decay=1e-2)
    )
    loader = DataLoader(data, batch_size=16, shuffle=True)
    return Training(model, make(model.parameters()), loader)


def weights(model):
    """Copies of all parameters and buffers by name."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def random_states():
    """Something that differs as soon as any random state does."""
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
