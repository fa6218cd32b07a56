"""The keeper of a training as a process: stopped, at its limits, what it leaves behind."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ingest.trainings import keeper
from ingest.trainings.process import End, Process, forget_old
from tests.full_disk import full_disk

# The keeper as it is, but for its patience.
_KEEPER = (
    "import sys; sys.path.insert(0, {folder!r}); import keeper, pathlib, signal;"
    "keeper.Ending._STEPS = ((0.0, signal.SIGINT), (0.3, signal.SIGTERM), (0.6, signal.SIGKILL));"
    "keeper.DRAIN_SECONDS = 0.3; keeper.keep(pathlib.Path(sys.argv[1]))"
)


def keep(folder, code, *, seconds=60.0, output_bytes=10_000, wait=True):
    """Run a keeper on a script of these lines."""
    folder.mkdir()
    start = {
        "command": [sys.executable, "-c", code],
        "directory": str(folder),
        "seconds": seconds,
        "output_bytes": output_bytes,
    }
    keeper.write(folder / "start.json", start)
    source = _KEEPER.format(folder=str(Path(keeper.__file__).parent))
    running = subprocess.Popen([sys.executable, "-I", "-c", source, str(folder)])
    if wait:
        assert running.wait(60) == 0
    return running


_DEAF = (
    "import signal, sys, time, os, subprocess\n"
    "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(child.pid, flush=True)\n"
)


def test_who_hears_nothing_is_killed_with_its_children(tmp_path):
    folder = tmp_path / "deaf"
    running = keep(folder, f"{_DEAF}time.sleep(60)", wait=False)
    process = Process(folder)
    while not process.output().strip():
        time.sleep(0.05)
    process.stop()
    assert running.wait(60) == 0
    assert process.end() == End(-9, "stop")
    assert _gone(int(process.output()))


def test_children_that_are_left_behind_end_with_the_script(tmp_path):
    keep(tmp_path / "left", _DEAF)
    process = Process(tmp_path / "left")
    assert process.end() == End(0, "")
    assert _gone(int(process.output()))


def _gone(process):
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_training_ends_at_its_time_limit(tmp_path):
    keep(tmp_path / "long", "import time; time.sleep(60)", seconds=0.3)
    end = Process(tmp_path / "long").end()
    assert end.reason == "time"


def test_the_output_is_bounded_and_its_end_stays(tmp_path):
    folder = tmp_path / "much"
    keep(folder, "for i in range(20_000): print('line', i)")
    assert sum(file.stat().st_size for file in folder.glob("output*.log")) <= 10_000
    assert Process(folder).output().strip().split("\n")[-1] == "line 19999"


def test_a_program_that_is_not_there_is_said(tmp_path):
    folder = tmp_path / "none"
    folder.mkdir()
    start = {"command": ["/no/such/program"], "directory": "/", "seconds": 1, "output_bytes": 100}
    (folder / "start.json").write_text(json.dumps(start))
    keeper.keep(folder)
    process = Process(folder)
    assert process.end().exit_status is None
    assert "/no/such/program" in process.end().reason
    assert process.began
    assert not process.alive
    forget_old(tmp_path)
    assert folder.exists()
    os.utime(folder / "end.json", (0, 0))
    forget_old(tmp_path)
    assert not folder.exists()


def test_a_full_disk_ends_nothing(tmp_path):
    """What it cannot write is left out: how a training ended, until there is room for that."""
    with full_disk():
        assert not keeper.noted(tmp_path / "end.json", {"exit_status": 0})
    assert list(tmp_path.iterdir()) == []
    assert keeper.noted(tmp_path / "end.json", {"exit_status": 0})
    assert [path.name for path in tmp_path.iterdir()] == ["end.json"]


def test_output_goes_on_where_its_file_could_not_be_changed(tmp_path):
    folder = tmp_path / "training"
    folder.mkdir()
    output = keeper.Output(folder, 20)
    output.write(b"12345678")
    shutil.rmtree(folder)
    for _ in range(3):
        output.write(b"12345678")  # is lost
    folder.mkdir()
    (folder / "output.log").touch()
    output.write(b"there")
    assert (folder / "output.log").read_bytes() == b"there"
