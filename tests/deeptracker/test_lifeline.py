"""What SIGTERM does to a command: what Ctrl-C does, and it ends in any case."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch

from deeptracker import lifeline

TERMINATED = (143, "Ended by SIGTERM.\n")


def ended(code: str, *arguments: str) -> tuple[int, str]:
    """Return the status and the words of a command with this code in it."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", f"import os, signal, sys, time\n{code}", *arguments],
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


def test_what_is_cleaned_up_at_ctrl_c_is_so_at_sigterm(tmp_path: Path) -> None:
    """A conversion ends when it has written a part of the run directory."""
    source = tmp_path / "training"
    source.mkdir()
    for step in (10, 20):
        torch.save({"weight": torch.full((2, 2), float(step))}, source / f"model-{step}.pt")
    code = (
        "from deeptracker.command import main\n"
        "inner = os.fsync\n"
        "def fsync(number):\n"
        "    inner(number)\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "os.fsync = fsync\n"
        "main()\n"
    )
    assert ended(code, "convert", str(source), str(tmp_path / "run")) == TERMINATED
    assert [path.name for path in tmp_path.iterdir()] == ["training"]


def test_an_exception_that_is_lost_ends_the_process_all_the_same() -> None:
    code = (
        "from deeptracker import lifeline\n"
        "lifeline._LOST_SECONDS = 0.1\n"
        "sys.unraisablehook = lambda _: None\n"
        "class Last:\n"
        "    def __del__(self):\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "with lifeline.heard(), lifeline.tidied(lambda: os.write(2, b'tidied\\n')):\n"
        "    Last()\n"
        "    time.sleep(60)\n"
    )
    assert ended(code) == (143, "tidied\nEnded by SIGTERM.\n")


def test_a_child_that_is_forked_off_ends_as_ever() -> None:
    there, here = os.pipe()
    with lifeline.heard():
        child = os.fork()
        if child == 0:
            os.write(here, b"!")
            for _ in range(600):  # a signal that comes just before one pause is seen to after it
                time.sleep(0.1)
            os._exit(1)
        os.read(there, 1)  # what comes before Python has forked is lost
        os.kill(child, signal.SIGTERM)
        _, status = os.waitpid(child, 0)
    os.close(there)
    os.close(here)
    assert os.WTERMSIG(status) == signal.SIGTERM
    assert lifeline.farewell() == ("Interrupted.", lifeline.INTERRUPTED)


def test_what_else_is_done_about_it_stays_so() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    try:
        with lifeline.heard():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]
