"""Only rank 0 of a distributed training records; reading a log needs no torch."""

import subprocess
import sys

import pytest
import torch
import torch.multiprocessing as multiprocessing
from torch import distributed, nn

from deeptracker import Recorder
from deeptracker.demo import load_digits
from deeptracker.format import STATISTICS, RunDirectory
from tests.deeptracker.trainings import make_training, validation_set


def worker(rank, folder):
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    training = make_training()
    network = training.model
    training.model = nn.parallel.DistributedDataParallel(network)
    with Recorder(
        training.model,
        training.optimizer,
        f"{folder}/run-of-{'all' if rank == 0 else 'nobody'}",
        every=2,
        validation=validation_set(),
    ) as recorder:
        for _ in range(3):
            recorder.step(train_loss=training.iterate())
        accumulate(training, rank)
        recorder.step()
    assert recorder.due is False
    # What each process has now is the mean of all.
    torch.save(network.fc.weight.grad, f"{folder}/gradient-{rank}")
    distributed.destroy_process_group()


def accumulate(training, rank):
    """Take a step of two backward passes, of which the first stays with its process."""
    images, labels = (part[rank * 8 : rank * 8 + 8] for part in load_digits()[0].tensors)
    training.optimizer.zero_grad()
    with training.model.no_sync():
        nn.functional.cross_entropy(training.model(images), labels).backward()
    nn.functional.cross_entropy(training.model(1 - images), labels).backward()
    training.optimizer.step()


def test_rank_0_records(tmp_path):
    multiprocessing.spawn(worker, (str(tmp_path),), nprocs=2)
    assert RunDirectory(tmp_path / "run-of-all").iterations() == [2, 4]
    manifest = RunDirectory(tmp_path / "run-of-all").manifest()
    assert [layer.name for layer in manifest.layers] == ["conv1", "conv2", "fc"]
    assert not (tmp_path / "run-of-nobody").exists()
    one, other = (torch.load(tmp_path / f"gradient-{rank}") for rank in (0, 1))
    assert torch.equal(one, other)
    snapshot = RunDirectory(tmp_path / "run-of-all").snapshot(manifest, 4)
    found = snapshot.statistics["gradient"][2, STATISTICS.index("l2")]
    assert found == pytest.approx(float(one.norm()), rel=1e-5)


def test_reading_needs_no_torch(recorded_run):
    script = (
        "import sys; from pathlib import Path\n"
        "import deeptracker; from deeptracker.format import RunDirectory\n"
        f"d = RunDirectory(Path({str(recorded_run)!r})); m = d.manifest()\n"
        "assert all(d.snapshot(m, i) for i in d.iterations())\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
