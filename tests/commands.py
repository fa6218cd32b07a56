"""The commands as processes of their own, on a home of their own with an embedded server."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from db.embedded import ensure_server, stop_server
from tests.servers import SETTINGS

ROOT = Path(__file__).parents[1]
PASSWORD = "correct horse battery"


@dataclass
class Home:
    """A home whose embedded server the commands start, and end with the last of them."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.path / "postgresql"

    def variables(self) -> dict[str, str]:
        """Return the environment of its commands: nothing of that of the tests but where it is."""
        own = {
            n: v for n, v in os.environ.items() if not n.startswith(("DEEPTRACKER_", "DATABASE"))
        }
        return {**own, "DEEPTRACKER_HOME": str(self.path), **self.environment}

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command; its words go to a file, see `said`."""
        log = self.path / f"command-{len(self.started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [_command(), *arguments],
                cwd=self.folder,
                env=self.variables(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def said(self, process: "subprocess.Popen[bytes]") -> str:
        log = self.path / f"command-{self.started.index(process)}.log"
        return log.read_text(errors="replace")

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run a command to its end, and return what it said."""
        process = self.start(*arguments)
        assert process.wait(120) == status, self.said(process)
        return self.said(process)

    def server(self) -> psutil.Process | None:
        """Return the server's process, None where none runs."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            process = psutil.Process(pid)
            return process if process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, IndexError, ValueError, psutil.Error):
            return None

    def starts(self) -> int:
        """Return how often the server was started."""
        return (self.data / "log").read_text(errors="replace").count("starting PostgreSQL")

    def stop(self) -> None:
        """End what was started, and what that has started."""
        for process in reversed(self.started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.started:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _command() -> str:
    return str(Path(sys.executable).parent / "deeptracker")


@contextmanager
def new_home(**environment: str) -> Iterator[Home]:
    """Yield a home with a server that does not care for crashes of the machine; it goes with us."""
    path = Path(tempfile.mkdtemp(prefix="deeptracker-home-"))
    path.chmod(0o755)
    # What was committed is with the kernel, so it outlives a server that is killed.
    ensure_server(path, settings={**SETTINGS, "synchronous_commit": "on"})
    stop_server(path)
    home = Home(path, environment)
    try:
        yield home
    finally:
        home.stop()
        ensure_server(path)  # whatever was killed: the last who leaves ends the server
        stop_server(path)
        shutil.rmtree(path, ignore_errors=True)


def wait_until(what, *, seconds: float = 120.0, every: float = 0.05):
    """Return what `what` returns as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(every)
    raise AssertionError(f"nothing after {seconds} s")


def answers(address: str, *, seconds: float = 120.0) -> None:
    """Wait until a server answers."""

    def asked() -> bool:
        try:
            return requests.get(f"{address}/health", timeout=10).ok
        except requests.ConnectionError:
            return False

    wait_until(asked, seconds=seconds)


def log_in(address: str, said: str) -> requests.Session:
    """Return a browser that chose a password by the link among what a command said."""
    (token,) = re.findall(r"/link/(\S+)", said)
    browser = requests.Session()
    browser.headers["Origin"] = address
    data = {"password": PASSWORD, "again": PASSWORD}
    answer = browser.post(f"{address}/link/{token}", data=data, timeout=30, allow_redirects=False)
    assert answer.status_code == 303, answer.text
    return browser


def kill(processes: Sequence[psutil.Process]) -> None:
    """End processes at once, and wait until they are gone."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it has ended with another one
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(processes, timeout=30)
