"""Child processes of a command: started with their output in a file, stopped all together."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from deeptracker import lifeline


def our_python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours.

    `-P`: the folder we are started in may hold an `app.py` or `db/` of somebody's, which is not to
    be imported in place of ours.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


@dataclass(frozen=True)
class Child:
    """One child process and the file that has its output."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def last_lines(self, number: int = 8) -> str:
        """Return the end of its output."""
        text = self.log.read_text(errors="replace").strip()
        return "\n".join(text.splitlines()[-number:])


@dataclass
class Children:
    """Children that live no longer than the block they are started in, nor than this process."""

    logs: Path
    environment: Mapping[str, str]
    running: list[Child] = field(default_factory=list)

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        inherits: Sequence[int] = (),
        variables: Mapping[str, str] | None = None,
    ) -> Child:
        """Start a process in a session of its own: Ctrl-C reaches us alone, and we stop it.

        It has the open files `inherits`, and `variables` in its environment. Where we are killed,
        its standard input ends: a process of ours then ends too (deeptracker.lifeline).
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - commands of ours
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self.environment, **(variables or {}), **lifeline.ASKED},
                pass_fds=tuple(inherits),
                start_new_session=True,
            )
        child = Child(name, process, log)
        self.running.append(child)
        return child

    def stop(self, *, patience: float = 15.0) -> None:
        """Ask all of them to end, the newest first, and end those that do not."""
        for child in reversed(self.running):
            if child.process.poll() is None:
                child.process.terminate()
        end = time.monotonic() + patience
        for child in self.running:
            try:
                child.process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                # Its own children, too: they are in its session.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
            if child.process.stdin is not None:
                child.process.stdin.close()


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Yield an event that is set by Ctrl-C, SIGTERM or SIGHUP within the block.

    An event, not an exception: one that is raised in the middle of a query would leave its
    connection in no state to be used again.
    """
    stopping = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
