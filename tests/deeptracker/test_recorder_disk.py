"""A full disk loses snapshots, is reported once and counted, and never stops the training."""

import json
import subprocess
import sys
import textwrap

import numpy as np

from deeptracker.format import RunDirectory

# RLIMIT_FSIZE makes the kernel refuse to write beyond a size: OSError, as on a full disk.
SCRIPT = """
import json, resource, signal, sys, warnings
from pathlib import Path
from deeptracker import Recorder
from tests.deeptracker.trainings import make_training, validation_set, weights

run_dir, spare_at, blocked = Path(sys.argv[1]), int(sys.argv[2]), eval(sys.argv[3])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

training = make_training()
losses = []
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with Recorder(training.model, training.optimizer, run_dir, every=2,
                  validation=validation_set()) as recorder:
        for iteration in range(1, 13):
            if iteration == blocked[0]:
                limit(spare_at)
            losses.append(float(training.iterate()))
            recorder.step(train_loss=losses[-1])
            if iteration == blocked[1]:
                limit(resource.RLIM_INFINITY)
limit(resource.RLIM_INFINITY)
texts = [str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)]
print(json.dumps({"losses": losses, "warnings": texts,
                  "sum": sum(float(v.double().sum()) for v in weights(training.model).values())}))
"""


def run(run_dir, *, spare, blocked):
    script = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(run_dir), str(spare), str(blocked)]
    done = subprocess.run(script, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout.splitlines()[-1])


def test_snapshots_are_lost_counted_and_recorded_again_once_there_is_space(tmp_path):
    free = run(tmp_path / "free", spare=2**40, blocked=(0, 0))
    # The manifest still fits, snapshots do not, from iteration 3 to 8: 4, 6 and 8 are lost.
    full = run(tmp_path / "full", spare=4_000, blocked=(3, 8))
    assert (full["losses"], full["sum"]) == (free["losses"], free["sum"])
    assert free["warnings"] == []
    assert len(full["warnings"]) == 1
    assert "000000004.safetensors: snapshot lost" in full["warnings"][0]
    assert "training goes on" in full["warnings"][0]
    directory = RunDirectory(tmp_path / "full")
    manifest = directory.manifest()
    assert directory.iterations() == [2, 10, 12]
    assert (manifest.lost_snapshots, manifest.state) == (3, "complete")
    assert not list((tmp_path / "full" / "snapshots").glob(".*"))
    # The snapshot after those lost holds their scalars and compares with the last one on disk.
    tenth = directory.snapshot(manifest, 10)
    assert tenth.scalars["train_loss"].iterations.tolist() == list(range(3, 11))
    assert tenth.scalars["train_loss"].values.tolist() == full["losses"][2:10]
    whole = RunDirectory(tmp_path / "free")
    second, last = (whole.snapshot(whole.manifest(), i) for i in (2, 10))
    assert np.array_equal(tenth.statistics["weight"], last.statistics["weight"])
    assert (tenth.filters["relative_change"] > last.filters["relative_change"]).mean() > 0.5
    assert np.isnan(second.filters["relative_change"]).all()


def test_a_disk_that_stays_full_leaves_the_training_alone(tmp_path):
    full = run(tmp_path / "full", spare=10, blocked=(3, 0))
    assert len(full["losses"]) == 12
    assert len(full["warnings"]) == 2
    assert "could not be closed" in full["warnings"][1]
    assert "5 snapshots were lost" in full["warnings"][1]
    directory = RunDirectory(tmp_path / "full")
    assert directory.iterations() == [2]
    assert directory.manifest().state == "recording"
