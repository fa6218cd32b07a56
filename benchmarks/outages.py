"""An application that can be hurt: its server stopped or frozen, its database cut off or silent.

Used by the benchmark of the connection, and by its tests in tests/browser.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from benchmarks.browser import START_SECONDS, Served, wait_for

HERE = Path(__file__).parents[1]
_CHUNK = 65_536


def free_port() -> int:
    """Return a port on 127.0.0.1 that nothing listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class DatabaseProxy:
    """A TCP port in front of a PostgreSQL: connections are passed on, refused or left waiting."""

    target: URL
    port: int
    _listener: socket.socket | None = None
    _pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    _open: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> URL:
        """Return the address of the same database through the proxy."""
        return self.target.set(host="127.0.0.1", port=self.port, query={})

    def answer(self) -> None:
        """Pass connections on, also those that were left waiting."""
        self._open.set()
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
            threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def refuse(self) -> None:
        """Cut all connections, and refuse new ones."""
        if self._listener is not None:
            # A thread that waits in accept() keeps the port open until it is woken.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self._open.set()
        for pair in self._pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def fall_silent(self) -> None:
        """Accept connections and pass nothing on, in either direction."""
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client, listener], daemon=True).start()

    def _serve(self, client: socket.socket, listener: socket.socket) -> None:
        self._open.wait()
        try:
            server = self._connect()
        except OSError:
            client.close()
            return
        pair = (client, server)
        self._pairs.append(pair)
        if self._listener is not listener:  # refused since it came: it was in no pair yet
            for end in pair:
                end.close()
            return
        threading.Thread(target=self._pass, args=[server, client], daemon=True).start()
        self._pass(client, server)

    def _connect(self) -> socket.socket:
        folder = self.target.query.get("host")
        port = self.target.port or 5432
        if isinstance(folder, str) and folder.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{folder}/.s.PGSQL.{port}")
            return server
        return socket.create_connection((self.target.host or "127.0.0.1", port))

    def _pass(self, source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                self._open.wait()
                to.sendall(data)
        for end in (source, to):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@dataclass
class Site:
    """An application with the means to hurt it; every harm has its end."""

    served: Served
    database: DatabaseProxy
    start_server: Callable[[], Any]
    process: Any

    @property
    def address(self) -> str:
        """Return the address of the application."""
        return self.served.address

    def stop(self) -> None:
        """Kill the server: connections are refused."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=START_SECONDS)

    def start(self) -> None:
        """Start it again under the same address; wait for it."""
        self.process = self.start_server()
        wait_for(self.address, self.process.poll)

    def freeze(self) -> None:
        """Stop all of its processes: connections are made, and nothing is answered."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        os.killpg(self.process.pid, signal.SIGCONT)


@contextmanager
def serve(
    database: URL,
    *,
    port: int,
    database_port: int,
    environment: Mapping[str, str] | None = None,
    start: Callable[..., Any] = subprocess.Popen,
) -> Iterator[Site]:
    """Yield the application on `port`, whose database it reaches through a proxy of ours.

    `start` is what makes the processes that run this code.
    """
    proxy = DatabaseProxy(database, database_port)
    proxy.answer()
    url = proxy.url.render_as_string(hide_password=False)
    settings = {
        **os.environ,
        "DATABASE_URL": url,
        "DEEPTRACKER_SECRET_KEY": secrets.token_urlsafe(48),
        **(environment or {}),
    }
    command = [
        sys.executable, "-m", "gunicorn", "benchmarks.browser:wsgi()",
        "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8",
        "--worker-class", "app.connections.BufferingWorker", "--log-level", "critical",
    ]  # fmt: skip

    def start_server() -> Any:
        return start(
            command,
            cwd=HERE,
            env=settings,
            # A group of its own, so that its workers are hurt with it.
            start_new_session=True,
        )

    # The tools of a test reach the database itself, whatever is done to the proxy.
    served = Served(f"http://127.0.0.1:{port}", database.render_as_string(hide_password=False))
    site = Site(served, proxy, start_server, start_server())
    try:
        wait_for(site.address, site.process.poll)
        yield site
    finally:
        with contextlib.suppress(ProcessLookupError):
            site.thaw()
            site.stop()
        proxy.refuse()
