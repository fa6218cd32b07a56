"""A process that ends with the one that started it, also where that one was killed."""

import os
import signal
import threading
import time

_VARIABLE, _STDIN = "DEEPTRACKER_LIFELINE", "stdin"
# Whoever starts us with this in our environment keeps the other end of our standard input open.
ASKED = {_VARIABLE: _STDIN}
_PATIENCE_SECONDS = 20.0


def hold() -> None:
    """Ask this process to end (SIGTERM) when the one that started it ends, where that wishes so.

    After 20 s it is ended, and all of its process group.
    """
    # It is for us, not for what we start in turn.
    if os.environ.pop(_VARIABLE, None) == _STDIN:
        threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def _watch() -> None:
    while os.read(0, 4_096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_SECONDS)
    os.killpg(os.getpgid(0), signal.SIGKILL)
