"""Fifty people at once on paper-scale runs, and the memory of what serves and loads them.

`python -m benchmarks.load --scale 0.1 --loads 3`. A worker loads logs of the reference scale; then
50 people log in and browse under `deeptracker serve` (two processes), started as docs/deployment.md
says. What they ask for is what Chromium asked for when it opened and used every page. Exit status
1 where an answer was an error, p95 of a route is 500 ms or more, or memory grows.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.auth.passwords import hash_password
from benchmarks.browser import PASSWORD, Served, chromium, log_in
from benchmarks.database import benchmark_engine
from benchmarks.load_people import Crowd, Measured
from benchmarks.load_processes import Series, served, started, watching
from benchmarks.load_visits import Visit, record, run_plans, script_visits, team_plans
from benchmarks.make_log import write_log
from benchmarks.report import Row, finish
from db.engine import session_scope
from db.permissions import Role
from db.queries.jobs import job_requests, jobs
from db.queries.measurements.snapshots import snapshots
from db.queries.runs import run_upkeep
from db.queries.runs.runs import list_runs
from db.queries.team import accounts
from ingest.purge import purge_run

BAR_MS = 500
# Memory at the end against that at the middle: caches are full by then.
FLAT = 1.1
RUNS = 2
# Seconds after a load: it is said to be done before its worker has let go of what it took for it.
_REST = 3.0


def command(
    scale: Annotated[float, typer.Option(help="Shrink the logs, 0 < scale <= 1.")] = 1.0,
    loads: Annotated[int, typer.Option(min=RUNS, help="Loads of the worker.")] = 20,
    people: Annotated[int, typer.Option(min=1, help="How many browse at once.")] = 50,
    requests: Annotated[int, typer.Option(min=100, help="Until so many are answered.")] = 10_000,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the table here.")] = None,
) -> None:
    """Load, browse, print the table."""
    if not 0 < scale <= 1:
        raise typer.BadParameter("scale must lie in (0, 1]")
    rows = list(measure(scale, loads=loads, people=people, requests=requests))
    finish("load", rows, scale=scale, json_path=json_path)


def measure(scale: float, *, loads: int, people: int, requests: int) -> Iterator[Row]:
    """Yield figures of the worker first, then of those who browse."""
    with tempfile.TemporaryDirectory(prefix="deeptracker-load-") as folder:
        logs = [Path(folder) / f"log-{seed}" for seed in range(RUNS)]
        for seed, log in enumerate(logs):
            write_log(log, scale=scale, seed=seed, thumbnails=True)
        with benchmark_engine() as engine:
            series = _load(engine, logs, loads)
            yield from _flat("worker", series, "loads", bar=FLAT if loads >= 10 else None)
            url = engine.url.render_as_string(hide_password=False)
            before = os.getloadavg()[0]
            with served(url) as (site, process):
                emails = _accounts(engine, people)
                visits, sizes = _record(engine, site)
                measured = Measured()
                crowd = Crowd(site.address, emails, visits, *sizes)
                begun = time.monotonic()
                with watching(process, lambda: measured.requests) as memory:
                    asyncio.run(crowd.browse(measured, requests=requests))
                seconds = time.monotonic() - begun
    yield Row("load of the machine before, and cores", before, "", os.cpu_count())
    yield from _answers(measured, seconds, people)
    bar = FLAT if requests >= 10_000 else None
    yield from _flat("web processes", memory, "requests", bar=bar)


def _load(engine: Engine, logs: Sequence[Path], loads: int) -> Series:
    """Let one worker load the logs; all but the last load of each is deleted for good."""
    url = engine.url.render_as_string(hide_password=False)
    environment = {"DATABASE_URL": url, "DEEPTRACKER_LOG_ROOTS": str(logs[0].parent)}
    series = Series()
    kept: dict[Path, int] = {}
    with session_scope(engine) as session:
        admin = accounts.add_account(session, email="admin@example.org", role=Role.ADMIN).id
    with started(["worker"], environment) as process:
        for number in range(loads):
            log = logs[number % len(logs)]
            if log in kept:
                with session_scope(engine) as session:
                    run_upkeep.trash(session, by=admin, run_id=kept[log])
                purge_run(engine, run_id=kept[log])
            kept[log] = _loaded(engine, log)
            time.sleep(_REST)
            series.note(number + 1, process)
    return series


def _loaded(engine: Engine, log: Path) -> int:
    """Ask for a load, wait for it, and return the run's id."""
    with session_scope(engine) as session:
        job_id = job_requests.request(session, location=str(log))
    while True:
        with session_scope(engine) as session:
            job = jobs.get_job(session, job_id=job_id)
        if job.state == "succeeded" and job.run_id is not None:
            return job.run_id
        if job.state in ("failed", "cancelled"):
            raise RuntimeError(f"job {job.id}: {job.error or job.message}")
        time.sleep(0.1)


def _accounts(engine: Engine, people: int) -> list[str]:
    """Return the addresses of new accounts, all with one password; they log in by themselves."""
    emails = [f"person-{number}@example.org" for number in range(people)]
    hashed = hash_password(PASSWORD)
    with session_scope(engine) as session:
        for email in emails:
            found = accounts.add_account(session, email=email, role=Role.MEMBER)
            accounts.set_password_hash(session, account_id=found.id, password_hash=hashed)
    return emails


def _record(engine: Engine, site: Served) -> tuple[list[Visit], tuple[int, int]]:
    """Return what every page of every run asks for, and the runs' numbers of classes and layers."""
    with Session(engine) as session:
        runs = list_runs(session)
        at = {run.id: int(snapshots(session, run_id=run.id).iteration[-1]) for run in runs}
    classes, layers = runs[0].class_count, runs[0].layer_count
    visits: list[Visit] = []
    with chromium() as browser:
        context = browser.new_context()
        log_in(context.new_page(), site.new_link(role=Role.MEMBER))
        state = context.storage_state()
        context.close()
        for run, other in zip(runs, [*runs[1:], runs[0]], strict=True):
            plans = run_plans(run.id, other.id, classes=classes, layers=layers)
            visits += record(browser, site, state, plans, run.id)
            visits += script_visits(run.id, classes=classes, layers=layers, iteration=at[run.id])
        visits += record(browser, site, state, team_plans(), None)
    return visits, (classes, layers)


def _answers(measured: Measured, seconds: float, people: int) -> Iterator[Row]:
    yield Row(f"requests of {people} people, files of the application not counted",
              measured.requests, "")  # fmt: skip
    yield Row("requests a second", measured.requests / seconds, "1/s")
    number = len(measured.errors)
    yield Row("errors", number, "", bar="0", holds=number == 0)
    for error in measured.errors[:10]:
        typer.echo(error)
    for route, times in sorted(measured.seconds.items()):
        p50, p95, p99 = np.percentile(np.array(times) * 1000, (50, 95, 99))
        what = f"{route} ({len(times):,}; p50 {p50:.0f}, p99 {p99:.0f})"
        yield Row(f"{what}, p95", float(p95), "ms", bar=f"< {BAR_MS} ms", holds=bool(p95 < BAR_MS))


def _flat(what: str, series: Series, unit: str, *, bar: float | None) -> Iterator[Row]:
    first, middle, last = series.pss[0], series.level(0.5), series.level(1.0)
    number = series.at[-1]
    yield Row(f"memory of {what} at first (PSS; RSS {series.rss[0]:,.0f})", first, "MB")
    yield Row(
        f"memory of {what} after {number:,.0f} {unit} (PSS; RSS {series.rss[-1]:,.0f}), "
        "against half of them",
        last,
        "MB",
        middle,
        "" if bar is None else f"at most {bar} x",
        None if bar is None else bool(last <= bar * middle),
    )
    slope = series.slope(after=number / 2) * (1_000 if unit == "requests" else 1)
    yield Row(
        f"memory of {what}, slope of the second half",
        slope,
        "MB / 1,000 requests" if unit == "requests" else "MB / load",
    )


if __name__ == "__main__":
    typer.run(command)
