"""How long it takes until a page answers after the embedded server was killed.

`python -m benchmarks.restart`: `deeptracker serve` alone, no worker, on a home of its own with
the settings that users have. The server is killed while nothing happens, then in the middle of a
load, when it has most to recover. The reference is the same page with the server there.
"""

import shutil
import signal
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests
from sqlalchemy.exc import SQLAlchemyError

from app.auth.links import make_link
from benchmarks.browser import PASSWORD, wait_for
from benchmarks.load_processes import started
from benchmarks.make_log import write_log
from benchmarks.report import Row, main
from db.embedded import ensure_server, stop_server
from db.engine import make_engine, session_scope
from db.permissions import Role
from db.queries.team.accounts import add_account
from ingest.pipeline import load_log
from ingest.report import Progress

BAR_SECONDS = 5.0
TIMES = 10


@dataclass(frozen=True)
class _Tracker:
    """A running application, a person who is logged in, and its server's data."""

    address: str
    person: requests.Session
    data: Path

    def page(self) -> float:
        """Return the seconds until a page is answered well, asked for again and again."""
        begun = time.perf_counter()
        while True:
            with suppress(requests.ConnectionError):
                if self.person.get(f"{self.address}/jobs", timeout=60).status_code == 200:
                    return time.perf_counter() - begun
            time.sleep(0.02)

    def kill(self, *, family: bool) -> None:
        """Kill the server at once, and all its connections with it where asked to."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        master = psutil.Process(pid)
        doomed = [master, *(master.children(recursive=True) if family else ())]
        for process in doomed:
            process.send_signal(signal.SIGKILL)


def measure(scale: float) -> Iterator[Row]:
    """Kill the server while nothing happens, and during three loads (a fourth of paper scale)."""
    with _tracker() as tracker, tempfile.TemporaryDirectory(prefix="deeptracker-log-") as folder:
        there = [tracker.page() for _ in range(TIMES)]
        alone = [_after(tracker, family=False) for _ in range(TIMES)]
        family = [_after(tracker, family=True) for _ in range(TIMES)]
        loading = []
        for seed in range(3):
            log = Path(folder) / f"log-{seed}"
            write_log(log, scale=scale / 4, seed=seed)
            loading.append(_during_load(tracker, log, share=(1 + seed) / 4))
    usual = statistics.median(there)
    yield Row("a page, the server there: median", usual, "s")
    for what, seconds in (
        ("killed", alone),
        ("killed with its connections", family),
        ("killed in the middle of a load", loading),
    ):
        yield Row(f"a page, the server {what}: median", statistics.median(seconds), "s", usual)
        yield Row(
            f"the longest of {len(seconds)}",
            max(seconds),
            "s",
            usual,
            f"at most {BAR_SECONDS:.0f} s",
            max(seconds) <= BAR_SECONDS,
        )


def _after(tracker: _Tracker, *, family: bool) -> float:
    tracker.kill(family=family)
    return tracker.page()


def _during_load(tracker: _Tracker, log: Path, *, share: float) -> float:
    """Kill the server when this share of a log is loaded."""
    engine = make_engine(ensure_server(tracker.data.parent), statement_timeout_ms=None)
    far, total = threading.Event(), len(list((log / "snapshots").iterdir()))

    def look(progress: Progress) -> None:
        if progress.done >= share * total:
            far.set()

    def load() -> None:
        with suppress(SQLAlchemyError):  # it is killed
            load_log(engine, log, on_progress=look)

    thread = threading.Thread(target=load)
    thread.start()
    far.wait()
    seconds = _after(tracker, family=True)
    thread.join()
    engine.dispose()
    return seconds


@contextmanager
def _tracker() -> Iterator[_Tracker]:
    home = Path(tempfile.mkdtemp(prefix="deeptracker-benchmark-"))
    home.chmod(0o755)  # PostgreSQL's own account must get in
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    try:
        # Without DATABASE_URL: the command's own server is what is measured.
        environment = {"DEEPTRACKER_HOME": str(home), "DATABASE_URL": ""}
        with started(["serve", "--port", str(port)], environment) as process:
            wait_for(address, process.poll)
            yield _Tracker(address, _person(address, home), home / "postgresql")
    finally:
        stop_server(home)
        shutil.rmtree(home, ignore_errors=True)


def _person(address: str, home: Path) -> requests.Session:
    """Return somebody who is logged in."""
    engine = make_engine(ensure_server(home))
    with session_scope(engine) as session:
        account = add_account(session, email="somebody@example.org", role=Role.ADMIN)
        link = make_link(session, account_id=account.id, address=address)
    engine.dispose()
    person = requests.Session()
    person.headers["Origin"] = address
    data = {"password": PASSWORD, "again": PASSWORD}
    person.post(link, data=data, timeout=60).raise_for_status()
    return person


if __name__ == "__main__":
    main("restart", measure)
