"""One snapshot of ResNet-50 by the Recorder against TensorBoard's histograms of the same."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

from benchmarks import recorder_training
from benchmarks.report import Row, main, summary
from benchmarks.resnet50 import CLASSES, FILTERS, ResNet50
from deeptracker import Recorder
from deeptracker.layers import find_layers

IMAGES = 50_000
REPEATS = 7
BAR = 0.15


class _Training:
    """ResNet-50 with gradients as a step leaves them; the passes through it are not measured."""

    def __init__(self, *, device: str, share: float) -> None:
        torch.manual_seed(0)
        self.model = ResNet50(share=share).to(device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        for parameter in self.model.parameters():
            parameter.grad = 1e-3 * torch.randn_like(parameter)
        self.wait = torch.cuda.synchronize if device == "cuda" else lambda: None

    def step(self) -> float:
        """Take a step of the optimizer and return its time in milliseconds."""
        self.wait()
        start = time.perf_counter()
        self.optimizer.step()
        self.wait()
        return (time.perf_counter() - start) * 1000


def _recorder(training: _Training, folder: Path, scale: float) -> Iterator[float]:
    """Yield what a snapshot adds to an iteration, in milliseconds, with fsync of its file."""
    images = max(CLASSES, round(IMAGES * scale))
    labels = np.arange(images) % training.model.fc.out_features
    prediction, probability = labels.copy(), np.full(images, 0.5, dtype=np.float32)
    with Recorder(
        training.model,
        training.optimizer,
        folder / "run",
        labels=labels,
        classes=[str(number) for number in range(training.model.fc.out_features)],
        every=2,
    ) as recorder:
        for _ in range(REPEATS + 2):
            plain = training.step()
            recorder.step(train_loss=1.0)
            start = time.perf_counter()
            training.step()
            recorder.validated(prediction, probability, loss=1.0)
            recorder.step(train_loss=1.0)
            training.wait()
            yield (time.perf_counter() - start) * 1000 - plain


def _tensorboard(training: _Training, folder: Path) -> Iterator[float]:
    """Yield what add_histogram of all weights and gradients takes, in milliseconds."""
    with SummaryWriter(str(folder / "tensorboard")) as writer:
        for iteration in range(REPEATS + 2):
            start = time.perf_counter()
            for name, parameter in training.model.named_parameters():
                writer.add_histogram(name, parameter, iteration)
                writer.add_histogram(f"{name}/gradient", parameter.grad, iteration)
            writer.flush()
            yield (time.perf_counter() - start) * 1000


def _rows(device: str, scale: float) -> Iterator[Row]:
    share = scale**0.5
    training = _Training(device=device, share=share)
    layers = find_layers(training.model, normalisation=False)
    filters = sum(layer.spec.filters for layer in layers)
    assert len(layers) == 54
    assert share < 1 or filters == FILTERS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In turns, so that both meet the same machine; the first ones warm up.
        turns = zip(_recorder(training, folder, scale), _tensorboard(training, folder), strict=True)
        figure, reference = (summary(times) for times in zip(*list(turns)[2:], strict=True))
        size = max(file.stat().st_size for file in (folder / "run" / "snapshots").iterdir())
    ratio = figure.p50 / reference.p50
    where = f"{device}, {torch.get_num_threads()} threads"
    what = f"snapshot of ResNet-50 by the Recorder ({len(layers)} layers, {filters:,} filters)"
    yield Row(
        f"{what}, {where}; reference: add_histogram of weights and gradients",
        figure.p50,
        "ms",
        reference.p50,
        f"at most {BAR} x",
        ratio <= BAR,
    )
    yield Row(f"the same, 95th percentile, {where}", figure.p95, "ms", reference.p95)
    yield Row("bytes of the snapshot", size / 1e6, "MB")
    yield _without_snapshot(training, _Training(device=device, share=share))


def _without_snapshot(bare: _Training, watched: _Training) -> Row:
    """Measure an iteration that is no snapshot: the step with a Recorder against without one."""
    with tempfile.TemporaryDirectory() as name:
        recorder = Recorder(watched.model, watched.optimizer, f"{name}/run", every=10**6)
        times = []
        for _ in range(20):
            reference = bare.step()
            start = time.perf_counter()
            watched.step()
            recorder.step(train_loss=1.0)
            times.append(((time.perf_counter() - start) * 1000, reference))
        recorder.close()
    with_recorder, without = (summary(part).p50 for part in zip(*times, strict=True))
    return Row(
        "optimizer.step() of ResNet-50 with a Recorder, no snapshot; reference: without one",
        with_recorder,
        "ms",
        without,
        "at most 1.005 x",
        with_recorder <= 1.005 * without,
    )


def measure(scale: float) -> Iterator[Row]:
    """Measure on the CPU, and on a GPU where there is one."""
    yield from _rows("cpu", scale)
    if torch.cuda.is_available():
        yield from _rows("cuda", scale)
    yield from recorder_training.rows(scale)


if __name__ == "__main__":
    main("recorder", measure)
