"""Only rank 0 of a distributed training records; reading a log needs no torch."""

import subprocess
import sys
import warnings

import pytest
import torch
import torch.multiprocessing as multiprocessing
from torch import distributed, nn

from deeptracker import Recorder
from deeptracker.demo import load_digits
from deeptracker.format import STATISTICS, RunDirectory
from tests.deeptracker.logs import read, series
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


def train_on(recorder, said):
    """Go on in a forked process with the recorder of its parent."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(4):
            recorder.step(train_loss=99.0)
        recorder.log(train_loss=99.0)
        recorder.close("failed")
    said.put([str(warning.message) for warning in told])


def test_a_forked_process_leaves_the_run_alone(tmp_path):
    training = make_training()
    with Recorder(training.model, training.optimizer, tmp_path / "run", every=2) as recorder:
        recorder.step(train_loss=training.iterate())
        context = multiprocessing.get_context("fork")
        said = context.SimpleQueue()
        child = context.Process(target=train_on, args=(recorder, said))
        child.start()
        (told,) = said.get()
        child.join()
        assert "make a Recorder in the process that trains" in told
        for _ in range(3):
            recorder.step(train_loss=training.iterate())
    manifest, snapshots = read(tmp_path / "run")
    assert manifest.state == "complete"
    assert [snapshot.iteration for snapshot in snapshots] == [2, 4]
    losses = series(snapshots, "train_loss")
    assert sorted(losses) == [1, 2, 3, 4]
    assert max(losses.values()) < 99


def test_steps_within_inference_mode(tmp_path):
    training = make_training()
    options = {"validation": validation_set(), "activations": True, "normalisation": True}
    with Recorder(
        training.model, training.optimizer, tmp_path / "run", every=1, **options
    ) as recorder:
        for number in range(4):
            loss = training.iterate()
            with torch.inference_mode(number % 2 == 0):
                recorder.step(train_loss=loss)
    manifest, snapshots = read(tmp_path / "run")
    assert manifest.remarks == ()
    assert [len(snapshot.prediction) for snapshot in snapshots] == [60] * 4
    assert (snapshots[2].filters["relative_change"] > 0).any()
