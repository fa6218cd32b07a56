"""What the tests of faults share: a PostgreSQL that they may kill, a log, and what it must become.

DEEPTRACKER_SOAK=1 asks for the full length, DEEPTRACKER_SEED for the moments of an earlier run.
"""

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url

from benchmarks.make_log import write_log
from db.embedded import ensure_server, stop_server
from db.engine import make_engine
from ingest.pipeline import load_log
from tests import servers
from tests.jobs.checksums import checksum

SOAK = os.environ.get("DEEPTRACKER_SOAK") == "1"
SNAPSHOTS = 400 if SOAK else 200
_SCALE = 0.02
# The processes are killed, not the machine: what PostgreSQL wrote is safe with the kernel. But a
# commit must wait for that, so synchronous_commit stays on.
_SETTINGS = {"fsync": "off", "shared_buffers": "64MB"}


@dataclass(frozen=True)
class Server:
    """An embedded PostgreSQL that a test may kill."""

    home: Path
    url: URL

    def end(self, number: int) -> None:
        """Send a signal to PostgreSQL, and wait until all of its processes are gone."""
        pid = int((self.home / "postgresql" / "postmaster.pid").read_text().split()[0])
        postmaster = psutil.Process(pid)
        family = [postmaster, *postmaster.children(recursive=True)]
        os.kill(pid, number)
        _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive

    def kill(self) -> None:
        """End it as a lack of memory does: at once, nothing put in order."""
        self.end(signal.SIGKILL)

    def start(self) -> None:
        """Start it again, at the same address."""
        assert make_url(ensure_server(self.home)).query == self.url.query


@pytest.fixture(scope="session")
def victim() -> Iterator[Server]:
    """The server of these tests alone, whatever DATABASE_URL says."""
    home = Path(tempfile.mkdtemp(prefix="deeptracker-faults-"))
    home.chmod(0o755)
    try:
        yield Server(home, make_url(ensure_server(home, settings=_SETTINGS)))
    finally:
        stop_server(home)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def victim_template(victim: Server) -> Iterator[str]:
    """The name of a migrated database on that server."""
    with servers.migrated(victim.url) as url:
        yield str(url.database)


@pytest.fixture
def database_url(victim: Server, victim_template: str) -> Iterator[str]:
    """A migrated database on the server that may be killed."""
    with servers.database(victim.url, template=victim_template) as url:
        yield servers.plain(url)


@pytest.fixture
def store(database_url: str) -> Iterator[Engine]:
    """An engine on that database."""
    engine = make_engine(database_url, statement_timeout_ms=None)
    yield engine
    engine.dispose()


@dataclass(frozen=True)
class Loaded:
    """A log, and what an undisturbed load makes of it in `seconds`."""

    path: Path
    checksum: dict
    seconds: float

    @property
    def root(self) -> Path:
        return self.path.parent


@pytest.fixture(scope="session")
def loaded(victim: Server, victim_template: str, tmp_path_factory) -> Loaded:
    """A log of SNAPSHOTS snapshots; do not write it."""
    path = tmp_path_factory.mktemp("runs") / "log"
    write_log(path, scale=_SCALE, snapshots=round(SNAPSHOTS / _SCALE))
    with servers.database(victim.url, template=victim_template) as url:
        engine = make_engine(servers.plain(url), statement_timeout_ms=None)
        begun = time.monotonic()
        assert len(load_log(engine, path).new) == SNAPSHOTS
        seconds = time.monotonic() - begun
        found = checksum(engine)
        engine.dispose()
    return Loaded(path, found, seconds)


@pytest.fixture
def rng() -> random.Random:
    """Random moments; the seed is printed where a test fails."""
    seed = int(os.environ.get("DEEPTRACKER_SEED") or random.randrange(2**32))
    print(f"DEEPTRACKER_SEED={seed}")
    return random.Random(seed)
