"""/health and /ready: for whoever watches the server, and nothing for whoever attacks it.

/health says that the process answers; restart it where it does not. /ready says that it can serve
pages: the database answers and has our schema. What the workers can do is said, with the time of
their last heartbeat, and makes nobody unready. Neither names versions, hosts, numbers or errors,
but for the revision of a schema that a newer release has upgraded: who watches would not think of
that.

/ready?deep=1, for whoever has the token of /metrics, puts a task on the queue of every worker, and
says who really took it.
"""

import threading
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine

from app import store
from app.config import AppSettings
from app.metrics import check_token
from db.migrate import SchemaTooNew
from db.queries.health import Readiness, probing_engine, readiness
from db.queries.jobs.probes import Probed, probe_workers

# Strangers may ask as often as they like: the database is asked once in this time per process.
KEPT_SECONDS = 1.0


class _Watch:
    """The readiness of the store, asked by one thread at a time and kept for a moment."""

    def __init__(self, engine: Engine) -> None:
        self._probe = probing_engine(engine)
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._found = Readiness(database=False, schema=False)

    def look(self, *, anew: bool = False) -> Readiness:
        with self._lock:
            if anew or time.monotonic() - self._asked >= KEPT_SECONDS:
                self._found = readiness(self._probe)
                self._asked = time.monotonic()
            return self._found

    def ask_workers(self) -> list[Probed] | None:
        return probe_workers(self._probe)


def install(server: Flask, settings: AppSettings) -> None:
    """Add the routes to a server that has its store."""
    with server.app_context():
        watch = _Watch(store.engine())

    @server.get("/health")
    def health() -> ResponseReturnValue:
        return jsonify(status="ok")

    @server.get("/ready")
    def ready() -> ResponseReturnValue:
        deep = request.args.get("deep", "0") not in ("", "0")
        if deep:
            check_token(settings)
        # Whoever has the token should not hear of the workers from two moments in one answer.
        found = watch.look(anew=deep)
        words = _words(found)
        if not (deep and found.ready):
            return jsonify(words), (200 if found.ready else 503)
        probed = watch.ask_workers()
        if probed is None:
            answer = jsonify(status="busy", job="somebody else is asking; ask again in 10 seconds")
            answer.headers["Retry-After"] = "10"
            return answer, 429
        job = _job(probed)
        words |= {"job": job, "workers": [_of_worker(one) for one in probed]}
        if job in ("not taken", "no worker"):
            words["status"] = "not ready"
        return jsonify(words), (200 if words["status"] == "ok" else 503)


def _words(found: Readiness) -> dict[str, Any]:
    return {
        "status": "ok" if found.ready else "not ready",
        "database": "ok" if found.database else "away",
        "schema": _schema(found),
        "worker": found.worker,
        "heartbeat": _moment(found.heartbeat),
    }


def _job(probed: list[Probed]) -> str:
    """Return whether a job would be taken now; one that waits for a place will be, later."""
    states = {one.state for one in probed}
    if "took" in states:
        return "taken"
    return "busy" if "busy" in states else "not taken" if states else "no worker"


def _of_worker(probed: Probed) -> dict[str, Any]:
    seconds = None if probed.seconds is None else round(probed.seconds, 3)
    return {
        "name": probed.name,
        "heartbeat": _moment(probed.heartbeat),
        "job": probed.state,
        "seconds": seconds,
    }


def _moment(time: datetime | None) -> str | None:
    return None if time is None else f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _schema(found: Readiness) -> str:
    if found.newer:
        return f"newer: {SchemaTooNew(found.newer)}"
    return "ok" if found.schema else "not current" if found.database else "unknown"
