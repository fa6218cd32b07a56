"""What recording adds to trainings: to steps without a snapshot, to snapshots, to a whole epoch."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from benchmarks.report import Row, summary
from benchmarks.resnet50 import ResNet50
from deeptracker import Recorder
from deeptracker.machine import EVERY_SECONDS, Machine
from deeptracker.step_clock import StepClock

STEPS = 2_000
SNAPSHOTS = 5
EPOCHS = 7
# Snapshots of an epoch, and how many images the fixed part of the validation set has.
PER_EPOCH = 7
PART = 64


def rows(scale: float) -> Iterator[Row]:
    """Measure the small network's steps, snapshots with their passes, and a small training."""
    steps = max(200, round(STEPS * scale))
    yield _small_steps(steps)
    yield _watched_passes(steps)
    yield _reading()
    yield from _passes(images=max(128, round(1_210 * scale)))
    yield _whole_training()


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _medians(turns: Sequence[tuple[float, ...]]) -> list[float]:
    return [summary(times).p50 for times in zip(*turns, strict=True)]


def _small_steps(steps: int) -> Row:
    """Measure `optimizer.step()` of 10 layers of 32, with hooks of a Recorder and without."""

    def made() -> tuple[nn.Module, torch.optim.Optimizer]:
        model = nn.Sequential(*(nn.Linear(32, 32) for _ in range(10)))
        for parameter in model.parameters():
            parameter.grad = 1e-3 * torch.randn_like(parameter)
        return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    (_, bare), (model, watched) = made(), made()
    turns = []
    with (
        tempfile.TemporaryDirectory() as name,
        Recorder(model, watched, f"{name}/run", every=10**9) as recorder,
    ):
        for _ in range(steps):
            turns.append((_timed(watched.step), _timed(bare.step)))
            recorder.step(train_loss=1.0)
    figure, reference = _medians(turns)
    what = "optimizer.step() of 10 layers of 32 with a Recorder, no snapshot; reference: without"
    return Row(what, figure, "ms", reference, "at most 1.05 x", figure <= 1.05 * reference)


def _watched_passes(steps: int) -> Row:
    """Measure the passes of a small network whose calls are seen, against one that has no hooks."""
    bare, watched = (nn.Sequential(*(nn.Linear(32, 32) for _ in range(10))) for _ in range(2))
    clock, batch = StepClock(), torch.randn(64, 32)
    clock.watch(watched, watched, passes=False)

    def iteration() -> None:
        watched(batch).sum().backward()
        clock.enter()
        clock.leave()

    turns = [
        (_timed(iteration), _timed(lambda: bare(batch).sum().backward())) for _ in range(steps)
    ]
    clock.close()
    figure, reference = _medians(turns)
    what = "forward and backward of 10 layers of 32, seen by the Recorder; reference: not"
    return Row(what, figure, "ms", reference, "at most 1.1 x", figure <= 1.1 * reference)


def _reading() -> Row:
    """Measure one reading of the machine against the seconds that lie between two."""
    machine = Machine()
    times = [_timed(partial(machine.values, number)) for number in range(1, 21)]
    figure, reference = summary(times).p50, EVERY_SECONDS * 1000
    what = "a reading of the machine; reference: the time between two"
    return Row(what, figure, "ms", reference, "at most 0.005 x", figure <= 0.005 * reference)


def _passes(images: int) -> Iterator[Row]:
    """Measure snapshots against the bare forward pass, and with activations against without."""
    torch.manual_seed(0)
    model = ResNet50(share=0.25)
    labels = torch.arange(images) % model.fc.out_features
    dataset = TensorDataset(torch.randn(images, 3, 32, 32), labels)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for parameter in model.parameters():
        parameter.grad = 1e-3 * torch.randn_like(parameter)
    loader = DataLoader(dataset, batch_size=256)

    def forward() -> None:
        model.eval()
        with torch.no_grad():
            for batch, wanted in loader:
                nn.functional.cross_entropy(model(batch), wanted)

    with tempfile.TemporaryDirectory() as name:
        recorders = [
            Recorder(
                model,
                optimizer,
                Path(name) / f"run-{activations}",
                validation=dataset,
                every=1,
                activations=activations,
            )
            for activations in (False, True)
        ]
        turns = []
        for _ in range(SNAPSHOTS):
            optimizer.step()
            turns.append((_timed(forward), *(_timed(recorder.step) for recorder in recorders)))
        for recorder in recorders:
            recorder.close()
    bare, plain, watching = _medians(turns)
    what = f"a snapshot of {images:,} images by the Recorder"
    yield Row(
        f"{what}; reference: the bare forward pass",
        plain,
        "ms",
        bare,
        "at most 1.05 x",
        plain <= 1.05 * bare,
    )
    yield Row(
        f"{what} with activations=True; reference: without",
        watching,
        "ms",
        plain,
        "at most 1.3 x",
        watching <= 1.3 * plain,
    )


class _Network(nn.Sequential):
    """A small convolutional network for the digits of scikit-learn, 8 x 8."""

    def __init__(self) -> None:
        super().__init__(
            *(nn.Conv2d(1, 64, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(64 * 64, 10)),
        )


def _whole_training() -> Row:
    """Measure a training of the digits, recorded and not."""
    found = load_digits()
    pictures = torch.tensor(found.images, dtype=torch.float32)[:, None] / 16
    labels = torch.tensor(found.target)
    training = TensorDataset(pictures[:1437], labels[:1437])
    part = Subset(TensorDataset(pictures[1437:], labels[1437:]), range(PART))
    turns = [(_train(training, part), _train(training, None)) for _ in range(EPOCHS)]
    figure, reference = _medians(turns)
    what = (
        f"an epoch of the digits with {PER_EPOCH} snapshots, validated on {PART} images; "
        "reference: without a Recorder"
    )
    return Row(what, figure, "ms", reference, "at most 1.03 x", figure <= 1.03 * reference)


def _train(dataset: Dataset[Any], validation: Dataset[Any] | None) -> float:
    """Return how long an epoch takes, in milliseconds; recorded where there is validation."""
    torch.manual_seed(0)
    model = _Network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    loader = DataLoader(dataset, batch_size=16, shuffle=True)

    def epoch(step: Callable[..., object]) -> None:
        for images, labels in loader:
            optimizer.zero_grad()
            loss: Tensor = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            step(train_loss=loss)

    with tempfile.TemporaryDirectory() as name:
        if validation is None:
            return _timed(lambda: epoch(lambda **scalars: None))
        with Recorder(
            model,
            optimizer,
            f"{name}/run",
            validation=validation,
            per_epoch=PER_EPOCH,
            iterations_per_epoch=len(loader),
        ) as recorder:
            return _timed(lambda: epoch(recorder.step))
