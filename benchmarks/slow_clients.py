"""Clients that keep a server waiting, on purpose or not: silent, trickling, unfinished, deaf.

For benchmarks.connections and the tests; a server on this machine is all that they can reach.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


def idle(port: int, _request: str) -> socket.socket:
    """Connect, and say nothing."""
    return socket.create_connection((HOST, port), timeout=20)


def half_header(port: int, _request: str) -> socket.socket:
    """Begin a header; `trickling` goes on with it."""
    client = idle(port, "")
    client.sendall(f"GET /health HTTP/1.1\r\nHost: {HOST}:{port}\r\nX-A: ".encode())
    return client


def bodyless(port: int, _request: str) -> socket.socket:
    """Announce a body that never comes."""
    client = idle(port, "")
    client.sendall(
        f"POST /login HTTP/1.1\r\nHost: {HOST}:{port}\r\nOrigin: http://{HOST}:{port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\na=".encode()
    )
    return client


def chunked(port: int, _request: str) -> socket.socket:
    """Begin a body in pieces, of which one never ends."""
    client = idle(port, "")
    client.sendall(
        f"POST /login HTTP/1.1\r\nHost: {HOST}:{port}\r\nOrigin: http://{HOST}:{port}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n5\r\nabc".encode()
    )
    return client


def deaf(port: int, request: str) -> socket.socket:
    """Ask for something large, and read nothing of it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.settimeout(20)
    client.connect((HOST, port))
    client.sendall(request.encode())
    return client


Slow = Callable[[int, str], socket.socket]


@contextmanager
def waiting(
    port: int, counts: dict[Slow, int], *, request: str = ""
) -> Iterator[list[socket.socket]]:
    """Hold so many clients of each kind; headers get a byte each half second."""
    clients: list[socket.socket] = []
    over = threading.Event()
    trickles: list[socket.socket] = []

    def trickle() -> None:
        while not over.wait(0.5):
            for client in trickles:
                with contextlib.suppress(OSError):
                    client.send(b"x")

    thread = threading.Thread(target=trickle)
    try:
        for kind, number in counts.items():
            made = [kind(port, request) for _ in range(number)]
            clients += made
            trickles += made if kind is half_header else []
        thread.start()
        yield clients
    finally:
        over.set()
        if thread.ident is not None:
            thread.join()
        for client in clients:
            client.close()
