"""How soon a worker goes on after its database was away: killed in the middle of a load, and back.

`python -m benchmarks.outage --scale 0.1 --seconds 10`. PostgreSQL gets a SIGKILL while a worker
loads a log (of the reference scale at scale 1), is away for `--seconds` (120 without it), and is
started again. The figure is the time from its first answer to the next snapshot that anybody can
see; the reference is the time from a request to the first snapshot where nothing was away. The
very same worker process must then finish the load.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psutil
import typer
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from benchmarks.make_log import write_log
from benchmarks.report import Row, finish
from db import migrate
from db.embedded import ensure_server, stop_server
from db.engine import make_engine, session_scope
from db.queries.jobs import job_requests, jobs, workers

BAR_SECONDS = 5.0
_LOOK = 0.02
_WORKER = (
    "import sys; from pathlib import Path; from ingest.tasks import run_worker;"
    "run_worker(sys.argv[1], roots=[Path(sys.argv[2])])"
)


def measure(scale: float, seconds: float) -> Iterator[Row]:
    """Load a log with an outage in the middle, on a server of its own."""
    home = Path(tempfile.mkdtemp(prefix="deeptracker-outage-"))
    home.chmod(0o755)  # PostgreSQL's own user must get in
    try:
        url = ensure_server(home)
        migrate.upgrade(url)
        logs = home / "logs"
        for seed in range(2):
            write_log(logs / f"log-{seed}", scale=scale, seed=seed)
        engine = make_engine(url, statement_timeout_ms=None)
        with _worker(url, logs) as worker:
            yield from _measure(engine, worker, home, logs, seconds)
        engine.dispose()
    finally:
        stop_server(home)
        shutil.rmtree(home, ignore_errors=True)


def _measure(
    engine: Engine, worker: subprocess.Popen[bytes], home: Path, logs: Path, seconds: float
) -> Iterator[Row]:
    _wait(lambda: _alive(engine))
    begun = time.perf_counter()
    first = _ask(engine, logs / "log-0")
    _wait(lambda: _count(engine) > 0)
    reference = time.perf_counter() - begun
    _wait_until_over(engine, first)
    loaded = _count(engine)

    job_id = _ask(engine, logs / "log-1")
    _wait(lambda: _count(engine) > loaded)
    _kill(home)
    engine.dispose()
    time.sleep(seconds)
    ensure_server(home)
    _wait(lambda: _answers(engine))
    back = time.perf_counter()
    before = _count(engine)
    in_the_middle = before < 2 * loaded
    _wait(lambda: _count(engine) > before or not in_the_middle)
    figure = time.perf_counter() - back
    attempts = _wait_until_over(engine, job_id)

    yield Row("outage", seconds, "s")
    yield Row(
        "database is back until loading goes on",
        figure,
        "s",
        reference,
        f"below {BAR_SECONDS:g} s" if in_the_middle else "(the load was over before the outage)",
        figure < BAR_SECONDS if in_the_middle else False,
    )
    yield Row("snapshots loaded when it went away", before - loaded, "", loaded)
    same = worker.poll() is None
    yield Row("attempts of the job", attempts, "", None, "1, by the same process", same)


def _kill(home: Path) -> None:
    """End PostgreSQL as a lack of memory does, and wait until nothing of it is left."""
    pid = int((home / "postgresql" / "postmaster.pid").read_text().split()[0])
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    family[0].send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=30)
    if alive:
        raise RuntimeError("PostgreSQL did not end")


@contextmanager
def _worker(url: str, root: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER, url, str(root)], stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _alive(engine: Engine) -> bool:
    with session_scope(engine) as session:
        return any(worker.alive for worker in workers.list_workers(session))


def _ask(engine: Engine, log: Path) -> int:
    with session_scope(engine) as session:
        return job_requests.request(session, location=str(log))


def _count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM snapshot")) or 0)


def _answers(engine: Engine) -> bool:
    try:
        with engine.connect():
            return True
    except OperationalError:
        return False


def _wait_until_over(engine: Engine, job_id: int) -> int:
    """Wait for the end of a job and return its attempts; RuntimeError where it went wrong."""

    def over() -> jobs.JobRow | None:
        with session_scope(engine) as session:
            job = jobs.get_job(session, job_id=job_id)
        return None if job.state in jobs.OPEN_STATES else job

    _wait(lambda: over() is not None)
    job = over()
    if job is None or job.state != "succeeded":
        raise RuntimeError(f"job {job_id}: {job and (job.error or job.message)}")
    return job.attempts


def _wait(until: Callable[[], bool], *, seconds: float = 1_800.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if until():
            return
        time.sleep(_LOOK)
    raise TimeoutError(f"not done after {seconds:.0f} s")


def _command(
    seconds: Annotated[float, typer.Option(min=0, help="How long the database is away.")] = 120.0,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the table here.")] = None,
    scale: Annotated[float, typer.Option(help="Shrink the log, 0 < scale <= 1.")] = 1.0,
) -> None:
    if not 0 < scale <= 1:
        raise typer.BadParameter("scale must lie in (0, 1]")
    finish("outage", list(measure(scale, seconds)), scale=scale, json_path=json_path)


if __name__ == "__main__":
    typer.run(_command)
