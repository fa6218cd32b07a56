"""/metrics: figures of all web processes and of the store, for Prometheus.

Only whoever has DEEPTRACKER_METRICS_TOKEN reads them; without that setting there is no such page.
Web processes count in files that they share, so it does not matter which of them answers.
"""

import atexit
import hmac
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    values,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from sqlalchemy import Engine, QueuePool, event
from sqlalchemy.exc import SQLAlchemyError

from app import store
from app.config import AppSettings
from app.logs import elapsed, rule
from db.engine import session_scope
from db.file_lock import FileLock, is_locked
from db.queries import figures
from db.queries.health import probing_engine

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "deeptracker-metrics-"
_IN_USE = "in-use.lock"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Those that there are; others a stranger may make up.
_METHODS = ("GET", "HEAD", "POST", "OPTIONS")


def share_between_processes() -> None:
    """Let this process and those forked from it count together; before any application is made."""
    maker = os.getpid()
    _remove_leftovers()
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    in_use = FileLock(Path(folder) / _IN_USE)
    in_use.take()
    os.environ[_FOLDER] = folder
    values.ValueClass = values.MultiProcessValue()

    def remove() -> None:
        in_use.lift()
        if os.getpid() == maker:  # forked processes inherit this function
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)


def _remove_leftovers() -> None:
    """Remove the files of servers of ours that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            lock = folder / _IN_USE
            if lock.stat().st_uid == os.geteuid() and not is_locked(lock):
                shutil.rmtree(folder, ignore_errors=True)


def process_ended(process: int) -> None:
    """Forget what only counts while a process lives."""
    if os.environ.get(_FOLDER):
        mark_process_dead(process)


def install(server: Flask, settings: AppSettings) -> None:
    """Count the server's requests and connections, and add the route."""
    registry = CollectorRegistry()
    with server.app_context():
        engine = store.engine()
    _count_requests(server, registry)
    _count_connections(server, engine, registry)
    probe = probing_engine(engine)

    @server.get("/metrics")
    def metrics() -> Response:
        check_token(settings)
        found = _shared() or registry
        text = generate_latest(found) + generate_latest(_of_store(probe))
        return Response(text, content_type=CONTENT_TYPE_LATEST)


def check_token(settings: AppSettings) -> None:
    """Refuse a request without the token; without the setting there is nothing to be had."""
    if not settings.metrics_token:
        abort(404, "There are no metrics here; see DEEPTRACKER_METRICS_TOKEN.")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.metrics_token.encode()
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), wanted):
        abort(401, "The metrics need their token, as Authorization: Bearer.")


def _count_requests(server: Flask, registry: CollectorRegistry) -> None:
    requests = Counter(
        "deeptracker_requests",
        "Requests that were answered.",
        ("rule", "method", "status"),
        registry=registry,
    )
    seconds = Histogram(
        "deeptracker_request_seconds",
        "How long requests took until their answer began.",
        ("rule",),
        buckets=BUCKETS,
        registry=registry,
    )

    @server.after_request
    def count(response: Response) -> Response:
        how = request.method if request.method in _METHODS else "other"
        requests.labels(rule(), how, str(response.status_code)).inc()
        seconds.labels(rule()).observe(elapsed())
        return response


def _count_connections(server: Flask, engine: Engine, registry: CollectorRegistry) -> None:
    """Count what a process's pool has given out; how much it can give is a constant."""
    used = Gauge(
        "deeptracker_pool_used",
        "Database connections that requests hold now.",
        registry=registry,
        multiprocess_mode="livesum",
    )
    most = Gauge(
        "deeptracker_pool_size",
        "Database connections that requests can hold at once.",
        registry=registry,
        multiprocess_mode="livesum",
    )

    @event.listens_for(engine, "checkout")
    def out(*_: Any) -> None:
        used.inc()

    @event.listens_for(engine, "checkin")
    def back(*_: Any) -> None:
        used.dec()

    @server.after_request
    def size(response: Response) -> Response:
        # Once would do, but only after the fork: each process tells of its own.
        pool = engine.pool
        if isinstance(pool, QueuePool):
            most.set(pool.size() + pool._max_overflow)
        return response


def _shared() -> CollectorRegistry | None:
    folder = os.environ.get(_FOLDER)
    if folder is None or not Path(folder).is_dir():
        return None
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)
    return registry


def _of_store(engine: Engine) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Store(engine))
    return registry


class _Store(Collector):
    """What the database knows: jobs, queue, workers, what is loaded."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        try:
            with session_scope(self._engine) as session:
                found = figures.read_figures(session)
        except SQLAlchemyError:
            yield _one("deeptracker_database_up", "1 where the database answers.", 0)
            return
        yield _one("deeptracker_database_up", "1 where the database answers.", 1)
        by_state = GaugeMetricFamily("deeptracker_jobs", "Ingest jobs.", labels=["state"])
        for state, number in found.jobs.items():
            by_state.add_metric([state], number)
        yield by_state
        yield _one("deeptracker_queue_length", "Tasks that wait for a worker.", found.queued)
        yield _one("deeptracker_workers_alive", "Workers that are alive.", found.workers)
        yield _one("deeptracker_workers_stuck", "Those of them that take no jobs.", found.stuck)
        yield _one("deeptracker_runs", "Runs, without those in the trash.", found.runs)
        yield _one("deeptracker_snapshots", "Snapshots that are loaded.", found.snapshots)
        yield _one("deeptracker_database_bytes", "Size of the database.", found.size)


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
