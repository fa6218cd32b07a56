"""A TCP proxy before PostgreSQL's Unix socket that can stop forwarding, and end what it carries."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import URL


class Proxy:
    """Forwards every connection to a socket; while it is cut, bytes lie where they are."""

    def __init__(self, target: str, host: str) -> None:
        self._target = target
        self._flows = threading.Event()
        self._flows.set()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server((host, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Stop forwarding: both sides believe that the other one says nothing."""
        self._flows.clear()

    def heal(self, *, reset: bool = False) -> None:
        """Forward again; with `reset` the connections of before are gone."""
        if reset:
            self._end()
        self._flows.set()

    def close(self) -> None:
        """End everything."""
        self._listener.close()
        self._end()
        self._flows.set()

    def _end(self) -> None:
        pairs, self._pairs = self._pairs, []
        for one in (side for pair in pairs for side in pair):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._flows.wait()
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self._target)
        except OSError:
            client.close()
            return
        self._pairs.append((client, server))
        back = threading.Thread(target=self._carry, args=(server, client), daemon=True)
        back.start()
        self._carry(client, server)
        back.join()
        client.close()
        server.close()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(2**16):
                self._flows.wait()
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(url: URL, host: str = "127.0.0.1") -> Iterator[tuple[Proxy, URL]]:
    """Yield a proxy before the server of a URL (a Unix socket), and the URL that leads there.

    The proxy listens on `host`, an address of this machine.
    """
    directory = url.query["host"]
    assert isinstance(directory, str)
    proxy = Proxy(str(Path(directory) / ".s.PGSQL.5432"), host)
    try:
        yield proxy, url.set(host=host, port=proxy.port, query={})
    finally:
        proxy.close()
