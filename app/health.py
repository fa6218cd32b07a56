"""/health and /ready: for whoever watches the server, and nothing for whoever attacks it.

/health says that the process answers; restart it where it does not. /ready says that it can serve
pages: the database answers and has our schema. Whether a worker is alive is said, and makes nobody
unready. Neither names versions, hosts, numbers or errors, but for the revision of a schema that a
newer release has upgraded: who watches would not think of that.
"""

import threading
import time

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine

from app import store
from db.migrate import SchemaTooNew
from db.queries.health import Readiness, probing_engine, readiness

# Strangers may ask as often as they like: the database is asked once in this time per process.
KEPT_SECONDS = 1.0


class _Watch:
    """The readiness of the store, asked by one thread at a time and kept for a moment."""

    def __init__(self, engine: Engine) -> None:
        self._probe = probing_engine(engine)
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._found = Readiness(database=False, schema=False, workers=False)

    def look(self) -> Readiness:
        with self._lock:
            if time.monotonic() - self._asked >= KEPT_SECONDS:
                self._found = readiness(self._probe)
                self._asked = time.monotonic()
            return self._found


def install(server: Flask) -> None:
    """Add the routes to a server that has its store."""
    with server.app_context():
        watch = _Watch(store.engine())

    @server.get("/health")
    def health() -> ResponseReturnValue:
        return jsonify(status="ok")

    @server.get("/ready")
    def ready() -> ResponseReturnValue:
        found = watch.look()
        return jsonify(
            status="ok" if found.ready else "not ready",
            database="ok" if found.database else "away",
            schema=_schema(found),
            worker="alive" if found.workers else "none",
        ), (200 if found.ready else 503)


def _schema(found: Readiness) -> str:
    if found.newer:
        return f"newer: {SchemaTooNew(found.newer)}"
    return "ok" if found.schema else "not current" if found.database else "unknown"
