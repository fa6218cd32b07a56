"""Only rank 0 of a distributed training records; reading a log needs no torch."""

import subprocess
import sys

import torch.multiprocessing as multiprocessing
from torch import distributed, nn

from deeptracker import Recorder
from deeptracker.format import RunDirectory
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
        for _ in range(4):
            recorder.step(train_loss=training.iterate())
    assert recorder.due is False
    distributed.destroy_process_group()


def test_rank_0_records(tmp_path):
    multiprocessing.spawn(worker, (str(tmp_path),), nprocs=2)
    assert RunDirectory(tmp_path / "run-of-all").iterations() == [2, 4]
    manifest = RunDirectory(tmp_path / "run-of-all").manifest()
    assert [layer.name for layer in manifest.layers] == ["conv1", "conv2", "fc"]
    assert not (tmp_path / "run-of-nobody").exists()


def test_reading_needs_no_torch(recorded_run):
    script = (
        "import sys; from pathlib import Path\n"
        "import deeptracker; from deeptracker.format import RunDirectory\n"
        f"d = RunDirectory(Path({str(recorded_run)!r})); m = d.manifest()\n"
        "assert all(d.snapshot(m, i) for i in d.iterations())\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
