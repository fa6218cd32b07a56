"""A folder holds one run: a second training, a second writer and a copy are told apart."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from deeptracker import Recorder, run_lock
from deeptracker.format import LOCK, RunDirectory
from deeptracker.run_lock import RunLock, RunLocked, is_alive
from tests.deeptracker.trainings import make_training


def train(run_dir, iterations=4, **options):
    training = make_training()
    with Recorder(training.model, training.optimizer, run_dir, every=2, **options) as recorder:
        for _ in range(iterations):
            recorder.step(train_loss=training.iterate())
    return recorder


def test_the_same_script_twice_is_two_runs(tmp_path):
    first = train(tmp_path / "run")
    before = (tmp_path / "run" / "run.json").read_bytes()
    with pytest.warns(RuntimeWarning, match=r"holds the run 'run' already.*run-2.*resume=True"):
        second = train(tmp_path / "run", 6)
    assert second.run_dir == tmp_path / "run-2"
    assert RunDirectory(tmp_path / "run").iterations() == [2, 4]
    assert (tmp_path / "run" / "run.json").read_bytes() == before
    assert RunDirectory(tmp_path / "run-2").iterations() == [2, 4, 6]
    assert second.manifest.run != first.manifest.run


def test_two_writers_at_once_are_told_apart(tmp_path):
    training = make_training()
    first = Recorder(training.model, training.optimizer, tmp_path / "run", every=2)
    with pytest.warns(RuntimeWarning, match=r"run-2 instead"):
        second = train(tmp_path / "run")
    assert second.run_dir != first.run_dir
    assert RunDirectory(tmp_path / "run").iterations() == []
    first.close()


HOLD = """
import sys, time
from pathlib import Path
from deeptracker.run_lock import RunLock
lock = RunLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(600)
"""


def holder(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_living_writer_keeps_its_run_and_a_dead_one_gives_it_up(tmp_path):
    train(tmp_path / "run")
    process = holder(tmp_path / "run")
    try:
        assert is_alive(tmp_path / "run")
        with pytest.raises(RunLocked, match=rf"process {process.pid} on .* right now"):
            train(tmp_path / "run", resume=True)
    finally:
        process.kill()
        process.wait()
    assert not is_alive(tmp_path / "run")
    assert train(tmp_path / "run", resume=True).iteration == 8
    assert not (tmp_path / "run" / LOCK).exists()


def test_a_writer_elsewhere_is_gone_once_it_is_silent(tmp_path, monkeypatch):
    monkeypatch.setattr(run_lock, "STALE_SECONDS", 1.0)
    lock = tmp_path / LOCK
    lock.write_text(json.dumps({"token": "x", "host": "elsewhere", "pid": 1, "began": "boot ns 1"}))
    begun = time.monotonic()
    mine = RunLock(tmp_path).acquire()
    assert time.monotonic() - begun >= 1.0
    assert mine.held()
    mine.release()


def test_a_writer_elsewhere_that_beats_is_not_taken_over(tmp_path):
    lock = tmp_path / LOCK
    lock.write_text(json.dumps({"token": "x", "host": "elsewhere", "pid": 1, "began": "boot ns 1"}))
    touch = f"import os, time\nwhile True: os.utime({str(lock)!r}); time.sleep(0.1)"
    beating = subprocess.Popen([sys.executable, "-c", touch])
    try:
        with pytest.raises(RunLocked, match="elsewhere"):
            RunLock(tmp_path).acquire()
    finally:
        beating.kill()
        beating.wait()


def test_a_writer_whose_run_was_taken_over_stops(tmp_path):
    training = make_training()
    recorder = Recorder(training.model, training.optimizer, tmp_path / "run", every=1)
    recorder.step(train_loss=training.iterate())
    (tmp_path / "run" / LOCK).write_text(json.dumps({"token": "of another"}))
    with pytest.warns(RuntimeWarning, match="another process records into it now"):
        recorder.step(train_loss=training.iterate())
    recorder.step(train_loss=training.iterate())
    assert RunDirectory(tmp_path / "run").iterations() == [1]
    assert json.loads((tmp_path / "run" / LOCK).read_text()) == {"token": "of another"}


def test_a_copy_that_goes_on_is_a_run_of_its_own(tmp_path):
    original = train(tmp_path / "a").manifest
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    copy = train(tmp_path / "b", resume=True).manifest
    assert copy.run != original.run
    assert (copy.parent, copy.ancestors, copy.name) == (original.run, (original.run,), "b")
    directory = RunDirectory(tmp_path / "b")
    found = directory.manifest()
    assert [directory.snapshot(found, i).iteration for i in directory.iterations()] == [2, 4, 6, 8]
    assert train(tmp_path / "a", resume=True).manifest.run == original.run
    assert train(tmp_path / "b", resume=True).manifest.run == copy.run


def test_a_moved_folder_keeps_its_run(tmp_path):
    original = train(tmp_path / "a").manifest
    os.rename(tmp_path / "a", tmp_path / "b")
    assert train(tmp_path / "b", resume=True).manifest.run == original.run


def test_a_refused_recorder_leaves_nothing_behind(tmp_path):
    training = make_training()
    with pytest.raises(Exception, match="validation"):
        Recorder(training.model, training.optimizer, tmp_path / "run", every=1, validation=iter([]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "records"),
    [
        ({"RANK": "1", "WORLD_SIZE": "2"}, False),
        ({"RANK": "0", "WORLD_SIZE": "2"}, True),
        ({"SLURM_PROCID": "3", "SLURM_NTASKS": "4"}, False),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, True),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}, False),
        ({"LOCAL_RANK": "1"}, False),
        ({"RANK": "odd"}, True),
    ],
)
def test_ranks_are_believed_before_there_is_a_process_group(
    environment, records, tmp_path, monkeypatch
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    train(tmp_path / "run")
    assert (tmp_path / "run").exists() is records
    train(tmp_path / "asked", rank=0)
    assert (tmp_path / "asked").exists()
