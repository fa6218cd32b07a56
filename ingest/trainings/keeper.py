"""Keeps one training: starts it, bounds its output, stops it, notes how it ended.

A process of its own that outlives the worker, so that a restart of the worker ends no training.
It is started by its path and imports nothing of ours. Whoever holds the lock of the folder keeps;
files there say all else: start.json what to do, stop that it should end, began.json and end.json
what was done, output.log (and output.1.log before it) what was printed.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

POLL_SECONDS = 0.1
# How long the script has after SIGINT, and again after SIGTERM, before the next one.
INTERRUPT_SECONDS = 30.0
TERMINATE_SECONDS = 10.0
# How long processes that the script left behind may go on printing once they were told to end.
DRAIN_SECONDS = 2.0
# How long it is tried to write how a training ended where the disk is full.
ROOM_SECONDS = 3600.0


class Output:
    """Two files of `most` bytes together: the present one, and the one before it."""

    def __init__(self, folder: Path, most: int) -> None:
        self._file, self._before = folder / "output.log", folder / "output.1.log"
        self._most = most // 2
        self._open = self._file.open("ab", buffering=0)

    def write(self, chunk: bytes) -> None:
        """Add bytes; a full disk loses them, and ends nothing."""
        chunk = chunk[-self._most :]
        with suppress(OSError):
            if self._open.tell() + len(chunk) > self._most:
                os.replace(self._file, self._before)
                fresh = self._file.open("ab", buffering=0)
                self._open.close()  # not before: where that fails, there is still one to write to
                self._open = fresh
            self._open.write(chunk)

    def drain(self, pipe: int) -> None:
        """Write what comes from a pipe until nobody has its other end."""
        while chunk := os.read(pipe, 65_536):
            self.write(chunk)


class Ending:
    """Makes a process group end, more firmly as time goes by."""

    _STEPS = (
        (0.0, signal.SIGINT),
        (INTERRUPT_SECONDS, signal.SIGTERM),
        (INTERRUPT_SECONDS + TERMINATE_SECONDS, signal.SIGKILL),
    )

    def __init__(self, group: int) -> None:
        self._group, self._since, self._sent = group, 0.0, 0
        self.reason = ""

    def begin(self, reason: str, *, hurry: bool = False) -> None:
        """Begin to end it; a second reason changes nothing. `hurry` leaves SIGINT out."""
        if not self.reason:
            self.reason = reason
            self._since = time.monotonic() - (INTERRUPT_SECONDS if hurry else 0.0)
            self._sent = 1 if hurry else 0

    def go_on(self) -> None:
        """Send the signal whose time has come."""
        if self.reason and self._sent < len(self._STEPS):
            after, sign = self._STEPS[self._sent]
            if time.monotonic() - self._since >= after:
                send(self._group, sign)
                self._sent += 1


def send(group: int, sign: int) -> None:
    """Send a signal to all of a process group that is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, sign)


def keep(folder: Path) -> None:
    """Run the training of a folder to its end."""
    start: dict[str, Any] = json.loads((folder / "start.json").read_text())
    output = Output(folder, start["output_bytes"])
    try:
        script = subprocess.Popen(  # noqa: S603 - registered by the host's administrator
            start["command"],
            cwd=start["directory"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        write(folder / "end.json", {"exit_status": None, "reason": f"not started: {error}"})
        return
    assert script.stdout is not None
    reader = threading.Thread(target=output.drain, args=(script.stdout.fileno(),), daemon=True)
    reader.start()
    ending = Ending(script.pid)
    _wait(script.pid, folder, ending, time.monotonic() + start["seconds"])
    # The script is over, and not yet reaped: its group is still its own.
    send(script.pid, signal.SIGTERM)
    reader.join(DRAIN_SECONDS)
    send(script.pid, signal.SIGKILL)
    reader.join(DRAIN_SECONDS)
    end = {"exit_status": script.wait(), "reason": ending.reason}
    until = time.monotonic() + ROOM_SECONDS
    while not noted(folder / "end.json", end) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)


def _wait(process: int, folder: Path, ending: Ending, end: float) -> None:
    def told(_signal: int, _frame: FrameType | None) -> None:
        ending.begin("shutdown", hurry=True)

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    began, said = folder / "began.json", {"process": process}
    noted(began, said)
    while os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if not began.exists():
            noted(began, said)
        if (folder / "stop").exists():
            ending.begin("stop")
        elif time.monotonic() > end:
            ending.begin("time")
        ending.go_on()
        time.sleep(POLL_SECONDS)


def write(file: Path, document: dict[str, Any]) -> None:
    """Write a document so that it is there whole or not at all."""
    aside = file.with_suffix(".tmp")
    try:
        aside.write_text(json.dumps(document))
        os.replace(aside, file)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def noted(file: Path, document: dict[str, Any]) -> bool:
    """Write a document, and say whether the disk took it: a full one ends no training."""
    try:
        write(file, document)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
