"""A training of the data review benchmark: half of digits, validated on labels partly flipped."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn import datasets
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.digit_networks import NETWORKS
from deeptracker import Recorder
from deeptracker.demo import CLASSES

FLIPPED = 0.05
EPOCHS = 40
EVERY = 5
BATCH = 64
TRUTH = "flipped.json"


@dataclass(frozen=True)
class Setting:
    """Which labels are flipped besides 5 % of the validation set, and to what.

    `training`: 5 % of the training labels too, as where one hand labelled both. `alike`: to the
    class that the digit is mistaken for most, not to any other class.
    """

    network: str
    training: bool
    alike: bool

    @property
    def name(self) -> str:
        """Return the setting in a few words."""
        where = "both sets" if self.training else "validation"
        return f"{self.network}, {where}, {'alike' if self.alike else 'any class'}"


# What each digit is mistaken for most.
_ALIKE = np.array([6, 7, 1, 9, 1, 9, 5, 1, 3, 4])


def train(folder: Path, *, setting: Setting, data: int, seed: int) -> NDArray[np.int64]:
    """Train and record into `folder`; return the positions of the flipped validation images.

    A folder that has been trained into is only read. The split and the flips follow from the
    setting and `data`, the first weights and the order of the images from `seed`.
    """
    if (folder / TRUTH).exists():
        return np.array(json.loads((folder / TRUTH).read_text()), np.int64)
    random = np.random.default_rng([data, setting.training, setting.alike])
    torch.manual_seed(seed)
    digits = datasets.load_digits()
    order = random.permutation(len(digits.target))
    own, held_out = np.array_split(order, 2)
    labels = digits.target.copy()
    flipped = _flip(labels, held_out, setting, random)
    if setting.training:
        _flip(labels, own, setting, random)
    images = torch.tensor(digits.images / 16.0, dtype=torch.float32).unsqueeze(1)
    targets = torch.tensor(labels, dtype=torch.int64)
    _record(
        folder,
        setting,
        TensorDataset(images[own], targets[own]),
        TensorDataset(images[held_out], targets[held_out]),
    )
    (folder / TRUTH).write_text(json.dumps(flipped.tolist()))
    return flipped


def _flip(
    labels: NDArray[np.int64],
    among: NDArray[np.int64],
    setting: Setting,
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Flip 5 % of the labels `among` in place, and return their positions in `among`, rising."""
    chosen = np.sort(random.choice(len(among), round(FLIPPED * len(among)), replace=False))
    at = among[chosen]
    any_other = (labels[at] + random.integers(1, len(CLASSES), len(at))) % len(CLASSES)
    labels[at] = _ALIKE[labels[at]] if setting.alike else any_other
    return chosen


def _record(
    folder: Path, setting: Setting, training: TensorDataset, validation: TensorDataset
) -> None:
    build, rate = NETWORKS[setting.network]
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    loader = DataLoader(training, batch_size=BATCH, shuffle=True)
    with Recorder(
        model, optimizer, folder, validation=validation, classes=CLASSES, every=EVERY
    ) as recorder:
        for _ in range(EPOCHS):
            for images, labels in loader:
                loss = nn.functional.cross_entropy(model(images), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                recorder.step(train_loss=loss)
