"""`deeptracker serve` and `worker` as docs/deployment.md starts them, and their memory."""

import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchmarks.browser import Served, wait_for

_PROJECT = Path(__file__).parents[1]
_SETTINGS = {"DEEPTRACKER_LOG_FORMAT": "json", "DEEPTRACKER_LOG_LEVEL": "warning"}


@contextmanager
def started(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[psutil.Popen]:
    """Yield `deeptracker ...` as a process of its own; it is asked to stop at the end."""
    process = psutil.Popen(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=_PROJECT,
        env={**os.environ, **_SETTINGS, **environment},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def served(database_url: str, *, workers: int = 2) -> Iterator[tuple[Served, psutil.Popen]]:
    """Yield the application under `deeptracker serve`, and the process that forks the others."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        "DATABASE_URL": database_url,
        "DEEPTRACKER_SECRET_KEY": secrets.token_urlsafe(48),
        "DEEPTRACKER_WEB_WORKERS": str(workers),
    }
    with started(["serve", "--port", str(port)], environment) as process:
        address = f"http://127.0.0.1:{port}"
        wait_for(address, process.poll)
        yield Served(address, database_url), process


def memory(process: psutil.Process) -> tuple[float, float]:
    """Return PSS and RSS, in MB, of a process and all below it.

    PSS counts a page that n processes share as 1/n in each; the sum of RSS counts it n times.
    """
    pss = rss = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            found = one.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        pss += found.pss / 1e6
        rss += found.rss / 1e6
    return pss, rss


@dataclass
class Series:
    """Memory over something that goes on: requests answered, loads done."""

    at: list[float] = field(default_factory=list)
    pss: list[float] = field(default_factory=list)
    rss: list[float] = field(default_factory=list)

    def note(self, at: float, process: psutil.Process) -> None:
        """Measure now."""
        pss, rss = memory(process)
        self.at.append(at)
        self.pss.append(pss)
        self.rss.append(rss)

    def slope(self, *, after: float = 0.0) -> float:
        """Return MB of PSS by unit, by least squares over what came after `after`."""
        at, pss = np.array(self.at), np.array(self.pss)
        later = at >= after
        if later.sum() < 2 or np.ptp(at[later]) == 0:
            return 0.0
        return float(np.polyfit(at[later], pss[later], 1)[0])

    def level(self, share: float, width: float = 0.1) -> float:
        """Return the median PSS around a share of the way, 0..1."""
        at = np.array(self.at)
        middle = at[0] + share * np.ptp(at)
        away = np.abs(at - middle)
        near = away <= max(width * np.ptp(at), away.min())
        return float(np.median(np.array(self.pss)[near]))


@contextmanager
def watching(
    process: psutil.Process, progress: Callable[[], float], *, every: float = 3.0
) -> Iterator[Series]:
    """Yield a series that is continued every few seconds within the block."""
    series, over = Series(), threading.Event()

    def watch() -> None:
        while not over.wait(every):
            series.note(progress(), process)

    series.note(progress(), process)
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield series
    finally:
        over.set()
        thread.join()
        series.note(progress(), process)
