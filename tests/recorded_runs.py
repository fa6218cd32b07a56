"""Fixtures: run directories of real, short trainings of the demo's network on digits."""

from pathlib import Path

import pytest

EPOCHS = 3
EVERY = 5
# 22 iterations an epoch.
SNAPSHOTS = EPOCHS * 22 // EVERY


def _record(folder: Path, *, seed: int) -> Path:
    import torch

    from deeptracker.demo import train

    run_dir = folder / f"digits-seed-{seed}"
    threads = torch.get_num_threads()
    # Several threads wait for each other where other tests keep the cores busy.
    torch.set_num_threads(1)
    train(run_dir, seed=seed, epochs=EPOCHS, every=EVERY)
    torch.set_num_threads(threads)
    return run_dir


@pytest.fixture(scope="session")
def recorded_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run directory of a training with 13 snapshots and thumbnails; do not write it."""
    return _record(tmp_path_factory.mktemp("recorded"), seed=0)


@pytest.fixture(scope="session")
def recorded_run_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run directory of the same training with another seed."""
    return _record(tmp_path_factory.mktemp("recorded_again"), seed=1)
