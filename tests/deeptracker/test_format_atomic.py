"""A writer that is killed or finds the disk full leaves complete files, and no others in sight."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from deeptracker.format import SNAPSHOTS, RunDirectory
from tests.deeptracker import small_logs

PROJECT = Path(__file__).parents[2]

_BEGIN = """
import os, resource, signal, sys
from pathlib import Path
from deeptracker.format import RunDirectory, snapshot_path, write_snapshot
from tests.deeptracker import small_logs
run = Path(sys.argv[1])
manifest = RunDirectory(run).manifest()
"""
_WRITE = """
write_snapshot(snapshot_path(run, 40), manifest, small_logs.snapshot(manifest, iteration=40))
"""
# The kernel ends the process (SIGXFSZ) once a file grows beyond this many bytes.
_KILLED_IN_A_WRITE = """
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
"""
_KILLED_BEFORE_THE_RENAME = """
os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
"""
_DISK_FULL = """
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
"""
_WRITE_FOR_EVER = """
print("ready", flush=True)
while True:
    for seed in range(100):
        taken = small_logs.snapshot(manifest, iteration=40, seed=seed)
        write_snapshot(snapshot_path(run, 40), manifest, taken)
"""


def child(run: Path, *program: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", "".join((_BEGIN, *program)), str(run)],
        cwd=PROJECT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def partial_files(run: Path) -> list[Path]:
    return list((run / SNAPSHOTS).glob(".*.partial"))


def assert_only_the_old_ones(run: Path) -> None:
    log = RunDirectory(run)
    manifest = log.manifest()
    assert log.iterations() == [10, 20, 30]
    for iteration in (10, 20, 30):
        log.snapshot(manifest, iteration)


def test_killed_by_the_kernel_in_the_middle_of_a_write(tmp_path: Path) -> None:
    small_logs.write_small_log(tmp_path / "run")
    process = child(tmp_path / "run", _KILLED_IN_A_WRITE, _WRITE)
    process.communicate()
    assert process.returncode == -signal.SIGXFSZ
    (left,) = partial_files(tmp_path / "run")
    assert 0 < left.stat().st_size <= 1000
    assert_only_the_old_ones(tmp_path / "run")


def test_killed_between_write_and_rename(tmp_path: Path) -> None:
    small_logs.write_small_log(tmp_path / "run")
    process = child(tmp_path / "run", _KILLED_BEFORE_THE_RENAME, _WRITE)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert len(partial_files(tmp_path / "run")) == 1
    assert_only_the_old_ones(tmp_path / "run")


def test_a_full_disk_is_an_os_error_and_leaves_nothing(tmp_path: Path) -> None:
    small_logs.write_small_log(tmp_path / "run")
    process = child(tmp_path / "run", _DISK_FULL, _WRITE)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.splitlines()[-1].startswith("OSError: [Errno 27]")
    assert partial_files(tmp_path / "run") == []
    assert_only_the_old_ones(tmp_path / "run")


def test_a_full_disk_leaves_the_former_recording_of_an_iteration(tmp_path: Path) -> None:
    small_logs.write_small_log(tmp_path / "run", iterations=(10, 40))
    child(tmp_path / "run", _DISK_FULL, _WRITE).communicate()
    log = RunDirectory(tmp_path / "run")
    manifest = log.manifest()
    former = small_logs.snapshot(manifest, iteration=40, seed=40)
    small_logs.assert_same(log.snapshot(manifest, 40), former)


def test_whenever_it_is_killed_the_snapshot_is_whole(tmp_path: Path) -> None:
    small_logs.write_small_log(tmp_path / "run")
    log = RunDirectory(tmp_path / "run")
    manifest = log.manifest()
    moments = random.Random(0)
    for _ in range(3):
        process = child(tmp_path / "run", _WRITE_FOR_EVER)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # Read while it writes, too: every read finds one whole recording or another.
        for _ in range(moments.randrange(20, 60)):
            if 40 in log.iterations():
                assert log.snapshot(manifest, 40).iteration == 40
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert log.iterations() == [10, 20, 30, 40]
        assert log.snapshot(manifest, 40).iteration == 40
