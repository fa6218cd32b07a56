"""How much sooner two loads are done by two workers than by one.

`python -m benchmarks.workers --scale 0.1`. Each worker is a process that takes one job at a time;
at scale 1 each log is of the reference scale (840 snapshots, about 1 GB). A load keeps a core of
the worker busy and part of one of the database: with fewer than four cores they are in each other's
way.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine

from benchmarks.database import benchmark_engine
from benchmarks.make_log import write_log
from benchmarks.report import Row, main
from db.engine import session_scope
from db.queries import jobs, workers

ENOUGH_CORES = 4
_WORKER = (
    "import sys; from pathlib import Path; from ingest.tasks import run_worker;"
    "run_worker(sys.argv[1], roots=[Path(sys.argv[2])], concurrency=1)"
)


def measure(scale: float) -> Iterator[Row]:
    """Load two logs with one worker and with two, each into a database of its own."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="deeptracker-logs-") as folder:
        logs = [Path(folder) / f"log-{number}" for number in range(2)]
        for seed, log in enumerate(logs):
            write_log(log, scale=scale, seed=seed)
        single = _seconds(logs[:1], number=1)
        one = _seconds(logs, number=1)
        two = _seconds(logs, number=2)
    yield Row("cores of this machine", cores, "")
    yield Row("one load, one worker", single, "s")
    yield Row("two loads, one worker", one, "s", single)
    enough = cores >= ENOUGH_CORES
    yield Row(
        "two loads, two workers",
        two,
        "s",
        one,
        f"at most 0.6 x, with {ENOUGH_CORES} cores",
        two <= 0.6 * one if enough else None,
    )


def _seconds(logs: Sequence[Path], *, number: int) -> float:
    """Return the seconds from the requests to the end of the last job, by `number` workers."""
    with benchmark_engine() as engine, ExitStack() as running:
        url = engine.url.render_as_string(hide_password=False)
        for _ in range(number):
            running.enter_context(_worker(url, logs[0].parent))
        _wait(lambda: len(_alive(engine)) == number)
        begun = time.perf_counter()
        with session_scope(engine) as session:
            for log in logs:
                jobs.request(session, location=str(log))
        _wait(lambda: _are_done(engine))
        return time.perf_counter() - begun


@contextmanager
def _worker(url: str, root: Path) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", _WORKER, url, str(root)])
    try:
        yield
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
