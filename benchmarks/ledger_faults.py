"""Bad batches for the ledger's benchmark: what is done to which images of some steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import torch
from torch import Tensor

CLASSES = 10


@dataclass
class Planted:
    """A fault in `steps` steps from `iteration` on; `bad` are the images that were touched."""

    kind: str
    iteration: int
    steps: int
    random: torch.Generator
    images: Tensor  # all of the training set
    labels: Tensor
    bad: set[int] = field(default_factory=set)
    # What a fault keeps from one of its steps to the next.
    kept: Tensor | None = None

    def batch(self, iteration: int, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return places [n], images and labels of a batch, as the fault leaves them."""
        if not self.iteration <= iteration < self.iteration + self.steps:
            return index, self.images[index], self.labels[index]
        return FAULTS[self.kind](self, index)

    def pick(self, index: Tensor, low: float, high: float) -> Tensor:
        """Return the places in a batch of a random share of its images, `low` to `high`."""
        share = low + (high - low) * float(torch.rand(1, generator=self.random))
        order = torch.randperm(len(index), generator=self.random)
        return order[: max(1, round(share * len(index)))]


Batch = tuple[Tensor, Tensor, Tensor]


def _corrupt(planted: Planted, index: Tensor, low: float, high: float) -> Batch:
    """Noise in place of a share of the images."""
    images, labels = planted.images[index], planted.labels[index]
    where = planted.pick(index, low, high)
    images[where] = torch.rand(images[where].shape, generator=planted.random) * 2
    planted.bad |= set(index[where].tolist())
    return index, images, labels


def _mislabelled(planted: Planted, index: Tensor) -> Batch:
    """Another label for a share of the images."""
    images, labels = planted.images[index], planted.labels[index]
    where = planted.pick(index, 0.2, 0.5)
    shift = torch.randint(1, CLASSES, (len(where),), generator=planted.random)
    labels[where] = (labels[where] + shift) % CLASSES
    planted.bad |= set(index[where].tolist())
    return index, images, labels


def _shard(planted: Planted, index: Tensor) -> Batch:
    """Images of a contiguous range, half of the batch, whose labels are those of one class."""
    images = planted.images[index]
    half = len(index) // 2
    if planted.kept is None:
        most = len(planted.images) - half
        planted.kept = torch.randint(0, most, (1,), generator=planted.random) + torch.arange(half)
    index = torch.cat([planted.kept, index[half:]])
    images, labels = planted.images[index], planted.labels[index]
    labels[:half] = (labels[:half] + 1) % CLASSES
    planted.bad |= set(planted.kept.tolist())
    return index, images, labels


def _duplicated(planted: Planted, index: Tensor) -> Batch:
    """The same few images over and over, as of a loader that is stuck."""
    if planted.kept is None:
        planted.kept = index[: 2 + int(torch.randint(0, 7, (1,), generator=planted.random))]
    copies = planted.kept.repeat(len(index) // len(planted.kept) + 1)[: len(index)]
    planted.bad |= set(planted.kept.tolist())
    return copies, planted.images[copies], planted.labels[copies]


FAULTS: Mapping[str, Callable[[Planted, Tensor], Batch]] = MappingProxyType(
    {
        "corrupt images": lambda p, i: _corrupt(p, i, 0.2, 0.5),
        "corrupt batch": lambda p, i: _corrupt(p, i, 1.0, 1.0),
        "mislabelled images": _mislabelled,
        "mislabelled shard": _shard,
        "duplicated images": _duplicated,
    }
)
