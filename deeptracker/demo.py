"""The demo's training script: a small residual network on scikit-learn's digits, recorded."""

import argparse
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from deeptracker import lifeline
from deeptracker.extras import needed

with needed("demo", "The demo's training", module=__name__):
    import torch
    from torch import Tensor, nn
    from torch.utils.data import DataLoader, TensorDataset

    from deeptracker import Indexed, Recorder
    from deeptracker.format import SALIENCY_METHODS

    if (found := find_spec("sklearn")) is None or found.origin is None:
        raise ModuleNotFoundError("scikit-learn is missing", name="sklearn")
    _SKLEARN = Path(found.origin).parent

BATCH = 64
CLASSES = tuple(str(digit) for digit in range(10))


class Block(nn.Module):
    """Two 3x3 convolutions beside a short cut."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != filters:
            self.downsample = nn.Conv2d(inputs, filters, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [batch, inputs, h, w] to [batch, filters, h / stride, w / stride]."""
        out = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(out)) + self.downsample(x))


class DigitNet(nn.Module):
    """A residual network of three stages with two blocks each: 15 convolutions, one linear."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.layer1 = nn.Sequential(Block(width, width, 1), Block(width, width, 1))
        self.layer2 = nn.Sequential(Block(width, 2 * width, 2), Block(2 * width, 2 * width, 1))
        self.layer3 = nn.Sequential(Block(2 * width, 4 * width, 2), Block(4 * width, 4 * width, 1))
        self.fc = nn.Linear(4 * width, len(CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        """Map images [batch, 1, 8, 8] to class scores [batch, 10]."""
        x = torch.relu(self.norm1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean(dim=(2, 3)))


def load_digits() -> tuple[TensorDataset, TensorDataset]:
    """Return training and validation images, float32 [n, 1, 8, 8] in 0..1, with labels [n].

    The last 40 images of every digit are the validation set, the same for every seed.
    """
    brightness, digits = _digits()
    images = torch.tensor(brightness / 16.0, dtype=torch.float32).unsqueeze(1)
    labels = torch.tensor(digits, dtype=torch.int64)
    held_out = np.concatenate([np.flatnonzero(digits == digit)[-40:] for digit in range(10)])
    train = np.setdiff1d(np.arange(len(labels)), held_out)
    return (
        TensorDataset(images[train], labels[train]),
        TensorDataset(images[held_out], labels[held_out]),
    )


def _digits() -> tuple[np.ndarray, np.ndarray]:
    """Return all images of scikit-learn, float64 [n, 8, 8] in 0..16, and their digits, int64 [n].

    Its file is read: importing scikit-learn takes as long as importing torch, for it loads pandas.
    """
    file = _SKLEARN / "datasets" / "data" / "digits.csv.gz"
    if not file.exists():  # in another version it may lie elsewhere
        from sklearn import datasets

        data = datasets.load_digits()
        return data.images, data.target
    table = np.loadtxt(file, delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype("i8")


def train(run_dir: Path, *, seed: int, epochs: int, every: int, machine: bool = True) -> None:
    """Train for `epochs` and record a snapshot every `every` iterations into `run_dir`."""
    torch.manual_seed(seed)
    training, validation = load_digits()
    loader = DataLoader(Indexed(training), batch_size=BATCH, shuffle=True)
    model = DigitNet()
    rate = 0.05
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)
    drops = [epochs // 2, epochs * 4 // 5]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, drops, gamma=0.1)
    with Recorder(
        model,
        optimizer,
        run_dir,
        validation=validation,
        classes=CLASSES,
        every=every,
        iterations_per_epoch=len(loader),
        planned_iterations=epochs * len(loader),
        name=run_dir.name,
        dataset="digits (scikit-learn)",
        hyperparameters={
            "learning_rate": rate,
            "momentum": 0.9,
            "weight_decay": 5e-4,
            "batch_size": BATCH,
            "epochs": epochs,
            "seed": seed,
        },
        thumbnails=True,
        activations=True,
        probes=8,
        # With the extra `saliency` alone, which brings more than a demo should have to install.
        probe_saliency=SALIENCY_METHODS if find_spec("captum") else None,
        machine=machine,
    ) as recorder:
        for _ in range(epochs):
            for index, (images, labels) in recorder.loading(loader):
                scores = model(images)
                losses = nn.functional.cross_entropy(scores, labels, reduction="none")
                loss = losses.mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                error = (scores.argmax(dim=1) != labels).float().mean()
                recorder.batch(index, losses, labels)
                recorder.step(train_loss=loss, train_error=error)
            schedule.step()


def main() -> None:
    """Read the command line and train."""
    lifeline.hold()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--every", type=int, default=5, help="iterations between two snapshots")
    arguments = parser.parse_args()
    # So small a network gains nothing by more threads, and they would wait for cores that load and
    # show the run meanwhile.
    torch.set_num_threads(1)
    train(arguments.run_dir, seed=arguments.seed, epochs=arguments.epochs, every=arguments.every)


if __name__ == "__main__":
    main()
