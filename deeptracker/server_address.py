"""Which server of DeepTracker the commands ask, and with which token: from the environment."""

import os

from deeptracker.connection import Connection
from deeptracker.errors import TokenRefused

ADDRESS, TOKEN = "DEEPTRACKER_URL", "DEEPTRACKER_TOKEN"
LOCAL = "http://127.0.0.1:8050"
TIMEOUT_SECONDS = 60.0


def connection_from(url: str | None = None) -> Connection:
    """Return the connection to `url`, or to DEEPTRACKER_URL, or to this machine's server.

    The token is DEEPTRACKER_TOKEN. Raises TokenRefused where there is none, or what cannot be one,
    and ServerUnreachable where the address is none. No server is asked yet.
    """
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise TokenRefused(f"{TOKEN} is not set. Make a token on your account page, and set it.")
    return Connection(url or os.environ.get(ADDRESS) or LOCAL, token, timeout=TIMEOUT_SECONDS)
