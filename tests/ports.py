"""Ports for servers that must be told theirs: two tests that run at once never get the same."""

import os
import secrets
import socket
from itertools import count

# Below those that a kernel hands out by itself (32768 and more on Linux): else a client's
# connection, or a server of another process, might take a port between its choice and its use.
_LOWEST, _EACH = 20_000, 1_000
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_numbers = count(secrets.randbelow(_EACH))


def free_port() -> int:
    """Return a port on 127.0.0.1 that nothing listens on, another one at every call."""
    for _ in range(_EACH):
        port = _LOWEST + _EACH * (_worker % 12) + next(_numbers) % _EACH
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError(f"no port of {_EACH} is free")
