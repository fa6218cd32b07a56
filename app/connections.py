"""The connections of a web process: one loop reads requests and sends answers, threads do the work.

gunicorn's own threaded worker gives a connection to a thread before anything of its request has
come, and lets the thread send the answer. So a few clients that are slow, or silent on purpose,
would keep every thread. Here gunicorn looks after the processes and waitress after connections: a
thread begins when a request is there as a whole, and is done when its answer is in memory.
"""

import logging
import os
import resource
import time
from types import FrameType
from typing import Any

from gunicorn.workers.base import Worker  # type: ignore[import-untyped]
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher, WSGITask  # type: ignore[import-untyped]

from app.factory import MAX_BODY

# Beyond this, as beyond MAX_BODY, a request is refused before it is read.
MAX_HEADERS = 64 * 2**10
# A connection that stands still is closed, and one whose request does not come to its end.
IDLE_SECONDS = 30
REQUEST_SECONDS = 60
# Of one process; what is beyond waits to be accepted. Files, and the database, need some as well.
MOST_CONNECTIONS = 4_000
_OTHER_FILES = 200
# Answers are kept in memory up to this size until the client has taken them, then in a file.
_ANSWER_IN_MEMORY = 16 * 2**20
_LOOP_SECONDS = 1.0


class _Task(WSGITask):
    """Keeps the connection after answers that have no body: every 304 would close it."""

    def set_close_on_finish(self) -> None:
        asked = self.request.headers.get("CONNECTION", "").lower()
        if self.has_body or self.version != "1.1" or asked == "close":
            super().set_close_on_finish()


class _Channel(HTTPChannel):
    task_class = _Task


class BufferingWorker(Worker):
    """A process of gunicorn whose connections are waitress's."""

    def init_process(self) -> None:
        """Make what belongs to this process, then serve until told to stop."""
        # Both would tell of every client that goes away, and of every request that waits.
        logging.getLogger("waitress").setLevel(logging.ERROR)
        logging.getLogger("waitress.queue").setLevel(logging.CRITICAL)
        self._map: dict[int, Any] = {}
        self._threads = ThreadedTaskDispatcher()
        self._servers: list[Any] = []
        # When the request that is coming in on a connection was first seen.
        self._coming: dict[Any, float] = {}
        super().init_process()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop as soon as what was begun is answered (SIGTERM)."""
        super().handle_exit(sig, frame)
        for server in self._servers:
            server.pull_trigger()

    def run(self) -> None:
        """Serve until SIGTERM, or until gunicorn is gone."""
        self._threads.set_thread_count(self.cfg.threads)
        self._servers = [self._server(listener.sock) for listener in self.sockets]
        looked = time.monotonic()
        while self.alive and self.ppid == os.getppid():
            self.notify()
            self._turn(_LOOP_SECONDS)
            if time.monotonic() - looked > _LOOP_SECONDS:
                looked = time.monotonic()
                self._drop_unfinished(looked)
        self._finish()

    def _server(self, listener: Any) -> Any:
        host = listener.getsockname()[0]
        server = create_server(
            self.wsgi,
            map=self._map,
            _dispatcher=self._threads,
            sockets=[listener],
            # For requests of HTTP/1.0 that do not say whom they ask.
            server_name=f"[{host}]" if ":" in host else host,
            ident=None,
            backlog=self.cfg.backlog,
            connection_limit=_most_connections(),
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=5,
            max_request_header_size=MAX_HEADERS,
            max_request_body_size=MAX_BODY,
            recv_bytes=64 * 2**10,
            outbuf_overflow=_ANSWER_IN_MEMORY,
            log_socket_errors=False,
            # What proxies say is for the application to believe, or not: DEEPTRACKER_PROXIES.
            clear_untrusted_proxy_headers=False,
        )
        server.channel_class = _Channel
        return server

    def _turn(self, seconds: float) -> None:
        """Wait for connections at most so long, and do what can be done at once."""
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)

    def _channels(self) -> list[Any]:
        return [channel for server in self._servers for channel in server.active_channels.values()]

    def _drop_unfinished(self, now: float) -> None:
        """Close connections whose requests come too slowly."""
        coming = {channel for channel in self._channels() if channel.request is not None}
        self._coming = {channel: self._coming.get(channel, now) for channel in coming}
        for channel, since in self._coming.items():
            if now - since > REQUEST_SECONDS:
                channel.will_close = True

    def _finish(self) -> None:
        """Accept nothing more, answer what has come as a whole, and close."""
        end = time.monotonic() + self.cfg.graceful_timeout
        self._turn(0)  # what has already arrived is begun
        for server in self._servers:
            server.accepting = False
            server.del_channel(self._map)
        while time.monotonic() < end:
            busy = [c for c in self._channels() if c.requests or c.total_outbufs_len]
            for channel in set(self._channels()) - set(busy):
                channel.handle_close()
            if not busy:
                break
            self.notify()
            self._turn(0.1)
        self._threads.shutdown(timeout=0)


def _most_connections() -> int:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(100, min(MOST_CONNECTIONS, files - _OTHER_FILES))
