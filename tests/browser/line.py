"""A bad line: a TCP proxy that breaks in the middle of the first answer to some request."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_CHUNK = 65_536


@dataclass
class Line:
    """What asks for `marker` loses its first `times` answers, of which `after` bytes arrive."""

    target: tuple[str, int]
    marker: bytes
    after: int
    times: int = 1
    broken: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def carry(self, client: socket.socket) -> None:
        """Carry one connection of a browser."""
        server = socket.create_connection(self.target)
        breaks = threading.Event()
        threading.Thread(target=self._answers, args=[server, client, breaks], daemon=True).start()
        with contextlib.suppress(OSError):
            while data := client.recv(_CHUNK):
                if self.marker in data:
                    with self._lock:
                        if self.broken < self.times:
                            self.broken += 1
                            breaks.set()
                server.sendall(data)
        _end(client, server)

    def _answers(
        self, server: socket.socket, client: socket.socket, breaks: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(_CHUNK):
                if breaks.is_set():
                    client.sendall(data[: data.find(b"\r\n\r\n") + 4 + self.after])
                    break
                client.sendall(data)
        _end(client, server)


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextmanager
def bad_line(address: str, *, marker: bytes, after: int) -> Iterator[tuple[str, Line]]:
    """Yield another address of the application at `address`, and the line that leads to it."""
    parts = urlsplit(address)
    line = Line((str(parts.hostname), int(parts.port or 80)), marker, after)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def listen() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=line.carry, args=[client], daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", line
        listener.shutdown(socket.SHUT_RDWR)
