"""Python processes that begin with what our servers and workers import: forked, not started anew.

Loading the application takes seconds of a processor, and the tests start it a hundred times.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
# The application and the worker; then what these import with their first page or job.
_LOADED = [
    "app.factory", "app.connections", "gunicorn.app.wsgiapp", "ingest.tasks", "ingest.evaluate",
    "sklearn.cluster", "scipy.stats",
]  # fmt: skip


class Warm:
    """A process as `subprocess.Popen` shows one."""

    def __init__(self, process: BaseProcess) -> None:
        assert process.pid is not None
        self._process = process
        self.pid: int = process.pid

    @property
    def returncode(self) -> int | None:
        """The status with which it ended, that of a signal below zero; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return `returncode`."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the status at its end; subprocess.TimeoutExpired where that does not come."""
        self._process.join(timeout)
        if (status := self.returncode) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


class _Passed:
    """An open file that the process gets under a number of its own choice."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (DupFd(self.number),)


def _received(copy: Any) -> _Passed:
    return _Passed(copy.detach())


def start(
    command: Sequence[str],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    stdout: IO[bytes] | None = None,
    stderr: IO[bytes] | None = None,
    start_new_session: bool = False,
) -> Warm:
    """Start `python -c ...` or `python -m ...` with the code of ROOT, as `subprocess.Popen` does.

    `stdout` and `stderr` are files, None for those of the tests. A new session begins a moment
    after the process does.
    """
    assert command[0] == sys.executable, f"{command[0]} is no Python"
    files = {number: _Passed(number) for number in pass_fds}
    files |= {at: _Passed(f.fileno()) for at, f in ((1, stdout), (2, stderr)) if f is not None}
    environment = dict(os.environ if env is None else env)
    begin = (command[1:], cwd, environment, files, start_new_session)
    process = _forks().Process(target=_run, args=begin)
    process.start()
    return Warm(process)


@cache
def _forks() -> ForkServerContext:
    """Return what forks: one process beside each process of the tests, which ends with it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED)
    return context


def _run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    files: dict[int, _Passed],
    new_session: bool,
) -> None:
    """Be `python *command`."""
    if new_session:
        os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, passed in files.items():
        if passed.number != number:
            os.dup2(passed.number, number, inheritable=True)
            os.close(passed.number)
    kind, code, *arguments = command
    sys.argv = [kind, *arguments]
    if kind == "-m":
        runpy.run_module(code, run_name="__main__", alter_sys=True)
    else:
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
