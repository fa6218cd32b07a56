"""Fixtures: run directories of real, short trainings of the demo's network on digits."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from filelock import FileLock

EPOCHS = 3
EVERY = 5
# 22 iterations an epoch.
SNAPSHOTS = EPOCHS * 22 // EVERY


def _recorded_once(
    factory: pytest.TempPathFactory, name: str, train: Callable[[Path], None]
) -> Path:
    """Return the run directory `name`, recorded by whichever process of the tests is first."""
    own = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / f"recorded-{name}"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            unfinished.mkdir()
            _on_one_thread(lambda: train(unfinished / name))
            unfinished.rename(folder)
    return folder / name


def _on_one_thread(work: Callable[[], None]) -> None:
    """Do some work of torch: threads wait for each other where other tests keep the cores busy."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    work()
    torch.set_num_threads(threads)


def _digits(run_dir: Path, *, seed: int) -> None:
    from deeptracker.demo import train

    # On a busy machine it takes longer than until the first reading of it.
    train(run_dir, seed=seed, epochs=EPOCHS, every=EVERY, machine=False)


@pytest.fixture(scope="session")
def recorded_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run directory of a training with 13 snapshots and thumbnails; do not write it."""
    return _recorded_once(
        tmp_path_factory, "digits-seed-0", lambda run_dir: _digits(run_dir, seed=0)
    )


@pytest.fixture(scope="session")
def recorded_run_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run directory of the same training with another seed."""
    return _recorded_once(
        tmp_path_factory, "digits-seed-1", lambda run_dir: _digits(run_dir, seed=1)
    )


@dataclass(frozen=True)
class Fault:
    """What was done to `faulty_run`: filters 0..filters - 1 of a layer were re-initialised.

    `iterations` are those whose snapshot saw it; they were put back before the next step.
    """

    layer: str
    filters: int
    iterations: tuple[int, ...]


FAULT = Fault(layer="layer2.0.conv1", filters=16, iterations=(30, 75, 120, 150))
FAULTY = "digits-with-a-fault"
FAULT_EVERY = 3
FAULT_TOTAL = 180
_WARM_UP = 110


@pytest.fixture(scope="session")
def faulty_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run directory of a training with a fault, FAULT; 60 snapshots; do not write it.

    A network that has learned its task is trained on, and for some snapshots filters of one layer
    are drawn anew: classes break at these iterations, and are well at the next. A network that had
    to recover by itself would do so in another way on every kind of processor, and hide it on some.
    """
    return _recorded_once(tmp_path_factory, FAULTY, _train_with_fault)


def _train_with_fault(run_dir: Path) -> None:
    import torch
    from torch import nn
    from torch.utils.data import DataLoader

    from deeptracker import Recorder
    from deeptracker.demo import BATCH, CLASSES, DigitNet, load_digits

    torch.manual_seed(4)
    training, validation = load_digits()
    loader = DataLoader(training, batch_size=BATCH, shuffle=True)
    batches = (batch for _ in count() for batch in loader)
    model = DigitNet()

    def optimizer(rate: float) -> torch.optim.Optimizer:
        return torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)

    def step(chosen: torch.optim.Optimizer) -> torch.Tensor:
        images, labels = next(batches)
        loss = nn.functional.cross_entropy(model(images), labels)
        chosen.zero_grad()
        loss.backward()
        chosen.step()
        return loss

    early, late = optimizer(0.05), optimizer(0.01)
    for _ in range(_WARM_UP):
        step(early)
    weight = model.get_submodule(FAULT.layer).weight
    with Recorder(
        model,
        late,
        run_dir,
        validation=validation,
        classes=CLASSES,
        every=FAULT_EVERY,
        iterations_per_epoch=len(loader),
        planned_iterations=FAULT_TOTAL,
        name=run_dir.name,
        dataset="digits (scikit-learn)",
        machine=False,
    ) as recorder:
        for iteration in range(1, FAULT_TOTAL + 1):
            loss = step(late)
            kept = weight.detach().clone()
            if iteration in FAULT.iterations:
                with torch.no_grad():
                    fresh = torch.empty_like(weight)
                    nn.init.kaiming_normal_(fresh, mode="fan_out", nonlinearity="relu")
                    weight[: FAULT.filters] = fresh[: FAULT.filters]
            recorder.step(train_loss=loss)
            with torch.no_grad():
                weight.copy_(kept)
