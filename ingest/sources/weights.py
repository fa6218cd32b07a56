"""The checkpoints of a folder, made into a run directory by a process apart, and that process."""

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from deeptracker.errors import LogError
from ingest.scratch import make_scratch

_MODULE = "deeptracker.conversion.weights"
# One checkpoint may take so long.
STALLED_SECONDS = 1_800.0
_PASSED_ON = (
    "PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "HOME",
)  # fmt: skip


def can_read_checkpoints() -> bool:
    """Say whether this machine has what checkpoints are read with."""
    return find_spec("torch") is not None


@dataclass
class WeightsProcess:
    """Converts the checkpoints of a folder into `run_dir`; begins with the first look.

    `bad` are files that could not be used, `remarks` what is doubtful, `settings` what the first
    checkpoint says of the training.
    """

    folder: Path
    predictions: Path | None = None
    per_epoch: int | None = None
    bad: list[LogError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None
    _scratch: Path | None = None
    _listener: threading.Thread | None = None
    _wishes: int = 0
    _heard: float = 0.0
    _lines: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)

    @property
    def run_dir(self) -> Path:
        """Return the run directory, which may not be there yet."""
        if self._scratch is None:
            self._scratch = make_scratch()
        return self._scratch / "run"

    def look(self) -> None:
        """Wish for a look at the folder, unless one is under way; LogError if it cannot go on."""
        if self._process is None:
            self._start()
        elif not self.busy:
            self._wish()
        self.busy_now()

    def busy_now(self) -> bool:
        """Take what the process said; return whether a look is under way. LogError as `look`."""
        process = self._process
        if process is None:
            return False
        ended = process.poll() is not None
        if ended and self._listener is not None:
            self._listener.join(timeout=10)  # what it said at last
        while not self._lines.empty():
            self._take(self._lines.get())
        if ended and self._wishes:
            self.close()
            raise LogError(
                self.folder,
                "",
                "its checkpoints cannot be converted: the process that reads them ended with "
                f"{process.returncode}, for want of memory or a fault in a library; try "
                "`deeptracker convert` on it",
            )
        if self._wishes and time.monotonic() - self._heard > STALLED_SECONDS:
            self.close()
            raise LogError(
                self.folder, "", "a checkpoint takes too long to convert; it is given up"
            )
        return self.busy

    @property
    def busy(self) -> bool:
        """Return whether a look is under way, as far as is known."""
        return self._wishes > 0

    def _start(self) -> None:
        command = [sys.executable, "-P", "-m", _MODULE, str(self.folder), str(self.run_dir)]
        if self.predictions is not None:
            command += ["--predictions", str(self.predictions)]
        if self.per_epoch is not None:
            command += ["--iterations-per-epoch", str(self.per_epoch)]
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        paths = os.pathsep.join([*filter(None, sys.path), str(Path(__file__).parents[2])])
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=kept | {"PYTHONPATH": paths},
            start_new_session=True,
        )
        self._wishes, self._heard = 1, time.monotonic()
        self._listener = threading.Thread(
            target=_listen, args=(self._process, self._lines), daemon=True
        )
        self._listener.start()

    def _wish(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write("look\n")
            self._process.stdin.flush()
        self._wishes += 1
        self._heard = time.monotonic()

    def _take(self, line: str) -> None:
        self._heard = time.monotonic()
        try:
            told = json.loads(line)
        except ValueError:
            return  # what a library prints
        match told:
            case {"idle": True}:
                self._wishes = max(0, self._wishes - 1)
            case {"remark": str(text)}:
                self.remarks.append(text)
            case {"hyperparameters": dict(settings)}:
                self.settings = settings
            case {"bad": [str(file), str(name), str(problem)]}:
                self.bad.append(LogError(file, name, problem))
            case {"failed": [str(file), str(name), str(problem)]}:
                self._wishes = 0
                self.close()
                raise LogError(file or self.folder, name, problem)

    def close(self) -> None:
        """End the process, and delete what it made."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):  # it may hold a wish that nobody hears any more
                process.stdin.close()
        self._wishes = 0
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None


def _listen(process: subprocess.Popen[str], lines: "queue.SimpleQueue[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
