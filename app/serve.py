"""gunicorn, started from Python: safe defaults, warm workers."""

import errno
import gc
import os
import socket
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from dash import Dash
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from sqlalchemy import Engine
from werkzeug.serving import run_simple

from app import logs, metrics, served
from app.auth.passwords import matches
from app.config import AppSettings
from app.connections import BufferingWorker
from app.factory import create_app
from app.kept_out import keep_out
from app.ports import BACKLOG, LISTENER, free_port, listen
from app.uploads.clearing import start_clearing
from app.warming import start_warming
from db.engine import session_scope
from db.queries.team.accounts import anybody_can_log_in
from deeptracker.errors import DeepTrackerError

THREADS = 8


class NotServed(DeepTrackerError):  # noqa: N818 - the name that callers read
    """The server would not be safe, or cannot listen where it should; the text says why."""


def serve(
    settings: AppSettings, engine: Engine, *, on_start: Callable[[], object] = lambda: None
) -> None:
    """Serve until SIGTERM or SIGINT. NotServed for what would be unsafe, or a port in use.

    `on_start` is called in each process that answers, once it is ready.

    Where whoever starts us has the port already, it passes the open socket on: its number is in
    the variable LISTENER.
    """
    check_safe(settings, engine)
    listener = os.environ.pop(LISTENER, None)
    if listener is None:
        check_port(settings.host, settings.port)
    logs.set_up()
    keep_out("pandas")
    # What is free in the pool that Arrow brings is never given back; malloc's is (allocator).
    pa.set_memory_pool(pa.system_memory_pool())
    metrics.share_between_processes()
    app = create_app(settings, engine=engine)
    server = _Server(app, settings, engine, listener, on_start)
    # What is there now stays: else each process would search it for garbage in the middle of some
    # request, for half a second, and have its own copy of the memory afterwards.
    gc.collect()
    gc.freeze()
    with served.told(settings):
        server.run()


def serve_dev(settings: AppSettings, engine: Engine) -> None:
    """Serve to those who change the code: a changed Python file restarts the process.

    Scripts and styles need no restart: a checkout builds them when a page is asked for.
    """
    if settings.is_public:
        raise NotServed(
            f"--dev is for this machine alone, and {settings.host} is reached by others."
        )
    logs.set_up()
    app = create_app(settings, engine=engine)
    warm_up(app)
    with served.told(settings):
        run_simple(settings.host, settings.port, app.server, threaded=True, use_reloader=True)


def check_safe(settings: AppSettings, engine: Engine) -> None:
    """Raise NotServed where others could reach a server that is not ready for them."""
    if not settings.is_public:
        return
    if not settings.secret_key:
        raise NotServed(
            f"{settings.host} can be reached by others: set DEEPTRACKER_SECRET_KEY "
            "(at least 32 characters) first, or listen on 127.0.0.1."
        )
    with session_scope(engine) as session:
        if not anybody_can_log_in(session):
            raise NotServed(
                f"{settings.host} can be reached by others, but no account has a password yet. "
                "Run: deeptracker user add EMAIL --role admin, and choose one on 127.0.0.1."
            )


def check_port(host: str, port: int) -> None:
    """Raise NotServed where nothing can listen at this address."""
    try:
        listen(host, port).close()
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
            raise NotServed(
                f"{host} is not an address of this machine ({error.strerror}). "
                "Choose another one: --host 127.0.0.1"
            ) from error
        in_use = error.errno == errno.EADDRINUSE
        why = "is in use" if in_use else f"cannot be had ({error.strerror})"
        other = free_port(host, port)
        raise NotServed(
            f"Port {port} on {host} {why}. Choose another one"
            + (f": --port {other}" if other else ".")
        ) from error


class _Server(BaseApplication):
    """The application is made once, before the workers are forked."""

    def __init__(
        self,
        app: Dash,
        settings: AppSettings,
        engine: Engine,
        listener: str | None,
        on_start: Callable[[], object],
    ) -> None:
        self._app, self._settings, self._engine = app, settings, engine
        self._listener, self._on_start = listener, on_start
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._app.server

    def _options(self) -> dict[str, Any]:
        host = self._settings.host
        own = f"{f'[{host}]' if ':' in host else host}:{self._settings.port}"
        return {
            "bind": own if self._listener is None else f"fd://{self._listener}",
            "backlog": BACKLOG,
            "workers": self._settings.workers,
            "worker_class": BufferingWorker,
            "threads": THREADS,
            "preload_app": True,
            "timeout": 60,
            "graceful_timeout": 5,
            "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: S108
            "control_socket_disable": True,
            "loglevel": "warning",
            "logger_class": logs.ServerLog,
            "post_fork": self._after_fork,
            "child_exit": self._after_exit,
            "post_worker_init": self._warm_up,
        }

    def _after_fork(self, _arbiter: object, _worker: object) -> None:
        # Connections of the parent belong to the parent: forget them without closing them.
        self._engine.dispose(close=False)

    def _after_exit(self, _arbiter: object, worker: Any) -> None:
        metrics.process_ended(worker.pid)

    def _warm_up(self, _worker: object) -> None:
        warm_up(self._app)
        start_warming(self._engine)
        start_clearing(self._app.server)
        self._on_start()
        gc.freeze()


def warm_up(app: Dash) -> None:
    """Do what the first request would do, so that several of them cannot meet half-way.

    Dash sets itself up when it is first asked, without a lock.
    """
    host = {"base_url": "http://127.0.0.1"}
    client = app.server.test_client()
    client.get("/login", **host)
    client.get("/health", **host)
    with app.server.test_request_context("/", **host):
        app.index()
        app.serve_layout()
        app.dependencies()
    matches("warm up", None)
