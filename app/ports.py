"""Ports to listen on: taken before anybody else can have them."""

import socket
from contextlib import suppress

# Connections that wait to be accepted.
BACKLOG = 2_048
# How many ports are looked at for one that is free.
PORTS = 50
# The variable in which a process that starts another one passes on an open socket, by its number.
LISTENER = "DEEPTRACKER_LISTENER"
_FIRST_PORT = 1_024  # of those that are not root's alone


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at this address, so that nobody else can. OSError."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(BACKLOG)
    except OSError:
        found.close()
        raise
    return found


def free_port(host: str, after: int) -> int | None:
    """Return the next port that can be had, None where there is none near."""
    first = max(after + 1, _FIRST_PORT)
    for port in range(first, min(first + PORTS, 65_536)):
        with suppress(OSError):
            listen(host, port).close()
            return port
    return None
