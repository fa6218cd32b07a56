"""What the tests of loading share: an engine of their own, logs, checksums, worker processes."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.make_log import write_log
from db.engine import make_engine
from tests import warm
from tests.jobs.checksums import checksum

WORKER = (
    "import sys; from ingest.locations import read_place; from ingest.tasks import run_worker;"
    "run_worker(sys.argv[1], roots=[read_place(p) for p in sys.argv[2:]])"
)


@pytest.fixture
def store(database_url):
    """An engine on a database that this test alone uses, and that other processes may use too."""
    engine = make_engine(database_url, statement_timeout_ms=None)
    yield engine
    engine.dispose()


@pytest.fixture
def make_log(tmp_path):
    """Write a small log of the real structure; returns its path and the synthetic run."""

    def make(name="log", *, snapshots=12, **settings):
        path = tmp_path / "runs" / name
        scale = settings.pop("scale", 0.01)
        # `scale` also shrinks the number of snapshots; say how many there shall be.
        run = write_log(path, scale=scale, snapshots=round(snapshots / scale), **settings)
        return path, run

    return make


@pytest.fixture
def roots(tmp_path):
    """The folder that jobs may read from."""
    folder = tmp_path / "runs"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def running_worker(url, root, *, log=None, environment=None, first=""):
    """Run a worker in a process of its own, `first` before it; it is killed at the end."""
    # What changes a module, or reads the environment, wants to come before all else.
    start = subprocess.Popen if first or environment else warm.start
    with open(log or "/dev/null", "ab") as output:
        process = start(
            [sys.executable, "-c", first + WORKER, url, str(root)],
            cwd=Path(__file__).parents[2],
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(what, *, seconds=120.0, every=0.02):
    """Return what `what` returns as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(every)
    raise AssertionError(f"nothing after {seconds} s")


__all__ = ["checksum", "running_worker", "wait_until"]
