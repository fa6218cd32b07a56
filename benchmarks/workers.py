"""How much sooner two loads are done by two workers than by one.

`python -m benchmarks.workers --scale 0.1`. Each worker is a process that takes one job at a time;
at scale 1 each log is of the reference scale (840 snapshots, about 1 GB). Two workers cannot be
faster than the cores allow: a load keeps a core of its worker busy and most of one of the database.
So the bar is the best that could be (half the time, or all cores busy), and a quarter more.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import Engine, text

from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.report import Row, main
from db.engine import session_scope
from db.queries.jobs import job_requests, jobs, workers

# How much longer than the best that could be it may take.
MARGIN = 1.25
_WORKER = (
    "import sys; from pathlib import Path; from ingest.tasks import run_worker;"
    "run_worker(sys.argv[1], roots=[Path(sys.argv[2])], concurrency=1)"
)


@dataclass(frozen=True)
class Load:
    """The seconds from the requests to the end of the last job, and how many cores were busy."""

    seconds: float
    busy: float


def measure(scale: float) -> Iterator[Row]:
    """Load one log, and two with one worker and with two, each into a database of its own."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="deeptracker-logs-") as folder:
        logs = [Path(folder) / f"log-{number}" for number in range(2)]
        for seed, log in enumerate(logs):
            write_log(log, scale=scale, seed=seed)
        single = _load(logs[:1], number=1)
        one = _load(logs, number=1)
        two = _load(logs, number=2)
    yield Row("cores of this machine", cores, "")
    yield Row("cores kept busy by one load, one worker", single.busy, "")
    yield Row("one load, one worker", single.seconds, "s")
    yield Row("two loads, one worker", one.seconds, "s", single.seconds)
    yield _compared("two loads, two workers", two, one, cores)


def _compared(what: str, load: Load, alone: Load, cores: int) -> Row:
    best = max(0.5, alone.busy / cores)
    most = MARGIN * best
    return Row(
        what,
        load.seconds,
        "s",
        alone.seconds,
        f"at most {most:.2f} x (all cores busy: {best:.2f} x)",
        load.seconds <= most * alone.seconds,
    )


def _load(logs: Sequence[Path], *, number: int) -> Load:
    """Load logs by `number` workers."""
    with benchmark_engine() as engine, ExitStack() as running:
        url = engine.url.render_as_string(hide_password=False)
        processes = [running.enter_context(_worker(url, logs[0].parent)) for _ in range(number)]
        _wait(lambda: len(_alive(engine)) == number)
        processes.append(_server(engine))
        before = sum(map(_cpu_seconds, processes))
        begun = time.perf_counter()
        with session_scope(engine) as session:
            for log in logs:
                job_requests.request(session, location=str(log))
        _wait(lambda: _are_done(engine))
        seconds = time.perf_counter() - begun
        return Load(seconds, (sum(map(_cpu_seconds, processes)) - before) / seconds)


def _server(engine: Engine) -> int:
    """Return the process id of PostgreSQL, which must run on this machine."""
    with engine.connect() as connection:
        return psutil.Process(connection.scalar(text("SELECT pg_backend_pid()"))).ppid()


def _cpu_seconds(process: int) -> float:
    """Return the time on processors of a process and its children, also of those that ended."""
    found = psutil.Process(process)
    total = sum(found.cpu_times()[:4])
    for child in found.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += sum(child.cpu_times()[:2])
    return total


@contextmanager
def _worker(url: str, root: Path) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", _WORKER, url, str(root)])
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _alive(engine: Engine) -> list[workers.WorkerRow]:
    with session_scope(engine) as session:
        return [worker for worker in workers.list_workers(session) if worker.alive]


def _are_done(engine: Engine) -> bool:
    with session_scope(engine) as session:
        found = jobs.list_jobs(session)
    for job in found:
        if job.state in ("failed", "cancelled"):
            raise RuntimeError(f"job {job.id}: {job.error or job.message}")
    return all(job.state == "succeeded" for job in found)


def _wait(until: Callable[[], bool], *, seconds: float = 1_800.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if until():
            return
        time.sleep(0.05)
    raise TimeoutError(f"not done after {seconds:.0f} s")


if __name__ == "__main__":
    main("workers", measure)
