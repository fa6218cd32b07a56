"""One training of the insight benchmark: a real network on digits, recorded, with one fault."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from benchmarks.insight_faults import FAULTS, Fault, Place, Truth
from benchmarks.insight_networks import NETWORKS
from deeptracker import Recorder
from deeptracker.demo import BATCH, CLASSES, load_digits

EPOCHS = 20
EVERY = 5
TRUTH = "truth.json"


class _Validation(Dataset[tuple[Tensor, Tensor]]):
    """The validation images, of which a fault may corrupt a class while the training goes on."""

    def __init__(self, images: TensorDataset) -> None:
        self._images, self._labels = images.tensors
        noise = torch.Generator().manual_seed(1)
        self._noise = torch.rand(self._images.shape, generator=noise)
        self.corrupted: int | None = None

    @property
    def tensors(self) -> tuple[Tensor, Tensor]:
        """Return the images as they were meant, and their labels."""
        return self._images, self._labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        label = self._labels[index]
        image = self._noise[index] if int(label) == self.corrupted else self._images[index]
        return image, label


def train(folder: Path, *, network: str, fault: str, seed: int) -> Truth:
    """Train and record into `folder`, or only return what was planted where that was done before.

    The network's first weights and the order of the images follow from the seed alone; where the
    fault is, from seed, network and fault.
    """
    if (folder / TRUTH).exists():
        return Truth(**json.loads((folder / TRUTH).read_text()))
    torch.manual_seed(seed)
    training, validation = load_digits()
    build, rate = NETWORKS[network]
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    place = Place(model, optimizer, _per_epoch(training) * EPOCHS, _random(network, fault, seed))
    planted = FAULTS[fault](place)
    for group in optimizer.param_groups:
        group["weight_decay"] = planted.weight_decay
    _train(folder, model, optimizer, training, _Validation(validation), planted, rate)
    (folder / TRUTH).write_text(json.dumps(asdict(planted.truth)))
    return planted.truth


def _per_epoch(training: TensorDataset) -> int:
    return -(-len(training) // BATCH)


def _random(network: str, fault: str, seed: int) -> torch.Generator:
    digest = hashlib.sha256(f"{network} {fault} {seed}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:6], "big"))


def _train(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    training: TensorDataset,
    validation: _Validation,
    fault: Fault,
    rate: float,
) -> None:
    total = _per_epoch(training) * EPOCHS
    images: Dataset[tuple[Tensor, ...]] = training
    if fault.train_images is not None:
        images = Subset(training, range(fault.train_images))
    loader = DataLoader(images, batch_size=BATCH, shuffle=True)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [total // 2, total * 4 // 5])
    with Recorder(
        model,
        optimizer,
        folder,
        validation=validation,
        classes=CLASSES,
        every=EVERY,
        iterations_per_epoch=len(loader),
        planned_iterations=total,
        name=folder.name,
        dataset="digits (scikit-learn)",
        hyperparameters={"learning_rate": rate, "weight_decay": fault.weight_decay},
        activations=True,
    ) as recorder:
        at = 0
        while at < total:
            for batch in loader:
                at += 1
                pixels, labels = fault.batch(at, batch[0], batch[1])
                loss, error = _step(model, optimizer, fault, at, pixels, labels)
                validation.corrupted = fault.corrupted_class if fault.corrupts(at) else None
                if fault.wants_validation:
                    fault.validated(at, _loss(model, validation))
                recorder.step(train_loss=loss, train_error=error)
                schedule.step()
                if at == total:
                    break


def _loss(model: nn.Module, validation: _Validation) -> float:
    """Return the mean validation loss as the network is, by a way that is not the Recorder's."""
    images, labels = validation.tensors
    model.eval()
    with torch.no_grad():
        loss = nn.functional.cross_entropy(model(images), labels)
    model.train()
    return float(loss)


def _step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    fault: Fault,
    at: int,
    images: Tensor,
    labels: Tensor,
) -> tuple[Tensor, Tensor]:
    scores = model(images)
    loss = nn.functional.cross_entropy(scores, labels)
    optimizer.zero_grad()
    loss.backward()
    fault.before_step(at)
    optimizer.step()
    fault.after_step(at)
    return loss.detach(), (scores.argmax(dim=1) != labels).float().mean()
