"""What a web process takes to answer: CPU time of each route, and its memory when all were asked.

`python -m benchmarks.web_process --scale 0.25`. What is asked is what Chromium asked for when it
opened and used every page of a run of paper scale, and the look-ups of scripts: once, so that
nothing is kept yet, and then again some times, as the second who asks has it: of every route some
addresses, for a page asks one for each class in sight. One process serves, so that its CPU time
(user and system) and its memory (PSS) are those of the answers.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import psutil
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.browser import PASSWORD, Served, chromium, log_in, serve
from benchmarks.database import benchmark_engine
from benchmarks.load_people import route_of
from benchmarks.load_processes import served
from benchmarks.load_visits import Asked, Visit, record, run_plans, script_visits, team_plans
from benchmarks.make_log import write_log
from benchmarks.report import Row, main
from db.permissions import Role
from db.queries.measurements.snapshots import snapshots
from db.queries.runs.runs import list_runs
from ingest.allocator import TRIM_SECONDS
from ingest.pipeline import load_log

BAR_GB = 0.35
# Clocks of processes tick a hundred times a second: what takes 1 ms is asked often.
AGAIN = 20
# Addresses of a route that are asked again.
ADDRESSES = 3
# Of people's: nobody looks on here, and what pages repeat by themselves has other routes' answers.
PACE = 0.25
SHOWN = 10


@dataclass
class Spent:
    """CPU seconds of a route: when asked first, and of one answer when asked again."""

    first: float = 0.0
    again: float = 0.0


def measure(scale: float) -> Iterator[Row]:
    """Load a log of paper scale, ask for all that its pages ask for, and say what it took."""
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        # The second one is what the first is compared with.
        for name, size in (("log", scale), ("other", scale / 10)):
            write_log(Path(folder) / name, scale=size, seed=len(name), name=name)
            load_log(engine, Path(folder) / name)
        url = engine.url.render_as_string(hide_password=False)
        # The visits are recorded at another server: this one has answered nothing yet.
        with serve(url) as other:
            visits = _visits(engine, other)
        with served(url, workers=1) as (site, process):
            (worker,) = process.children()
            before = _memory(worker)
            spent = _asked(site, worker, visits)
            yield from _rows(spent)
            yield Row("memory of a process that has answered nothing (PSS)", before, "GB")
            yield Row("memory of one that was asked all this (PSS)", _memory(worker), "GB", before)
            time.sleep(TRIM_SECONDS + 1)
            memory = _memory(worker)
            yield Row(
                "the same, once what is free was given back",
                memory,
                "GB",
                before,
                f"<= {BAR_GB} GB",
                memory <= BAR_GB,
            )


def _memory(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss / 1e9)


def _visits(engine: Engine, site: Served) -> list[Visit]:
    with Session(engine) as session:
        run, other = sorted(list_runs(session), key=lambda one: one.id)
        last = int(snapshots(session, run_id=run.id).iteration[-1])
    sizes = {"classes": run.class_count, "layers": run.layer_count}
    plans = run_plans(run.id, other.id, **sizes)
    with chromium() as browser:
        context = browser.new_context()
        log_in(context.new_page(), site.new_link(role=Role.MEMBER))
        state = context.storage_state()
        context.close()
        of_run = record(browser, site, state, plans, run.id, pace=PACE)
        found = [*of_run, *record(browser, site, state, team_plans(), None, pace=PACE)]
    return [*found, *script_visits(run.id, **sizes, iteration=last)]


def _asked(site: Served, worker: psutil.Process, visits: list[Visit]) -> dict[str, Spent]:
    """Ask for everything that was recorded, each once and then again; CPU time by route."""
    http = _logged_in(site)
    asked = dict.fromkeys(one for visit in visits for step in visit.steps for one in step)
    found: dict[str, Spent] = {}
    again = Counter[str]()
    for one in [one for one in asked if not one.path.startswith(("/assets/", "/_dash-component"))]:
        route = route_of(one.path, one.body)
        spent = found.setdefault(route, Spent())
        first = _cpu(worker, http, site, one, 1)
        spent.first = max(spent.first, first)
        again[route] += 1
        # Reports and downloads are not kept.
        if first < 1 and again[route] <= ADDRESSES:
            spent.again = max(spent.again, _cpu(worker, http, site, one, AGAIN) / AGAIN)
    return found


def _cpu(
    worker: psutil.Process, http: OpenerDirector, site: Served, asked: Asked, times: int
) -> float:
    before = sum(worker.cpu_times()[:2])
    for _ in range(times):
        body = asked.body.encode() or None
        headers = {"Accept-Encoding": "gzip", "Origin": site.address}
        if body:
            headers["Content-Type"] = "application/json"
        request = Request(site.address + asked.path, body, headers, method=asked.method)
        try:
            http.open(request, timeout=120).read()
        except HTTPError as error:  # a page may ask for what a run has not
            error.read()
    return sum(worker.cpu_times()[:2]) - before


def _logged_in(site: Served) -> OpenerDirector:
    http = build_opener(HTTPCookieProcessor(CookieJar()))
    form = f"password={PASSWORD}&again={PASSWORD}".replace(" ", "+").encode()
    link = site.new_link(role=Role.MEMBER)
    http.open(Request(link, form, {"Origin": site.address}), timeout=60).read()
    return http


def _rows(spent: dict[str, Spent]) -> Iterator[Row]:
    ranked = sorted(spent.items(), key=lambda item: -item[1].again)
    for route, one in ranked[:SHOWN]:
        yield Row(f"{route}: CPU of an answer, and of the first", one.again * 1000, "ms",
                  one.first * 1000)  # fmt: skip
    mean = sum(one.again for one in spent.values()) / max(1, len(spent))
    yield Row(f"the mean of all {len(spent)} routes", mean * 1000, "ms")


if __name__ == "__main__":
    main("web process", measure)
