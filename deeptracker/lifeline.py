"""How a command ends: told to by a signal in order, and with the process that started it."""

import os
import signal
import threading
import time
from types import FrameType

INTERRUPTED = 130
TERMINATED = 128 + int(signal.SIGTERM)
_VARIABLE, _STDIN = "DEEPTRACKER_LIFELINE", "stdin"
# Whoever starts us with this in our environment keeps the other end of our standard input open.
ASKED = {_VARIABLE: _STDIN}
_PATIENCE_SECONDS = 20.0


class Terminated(SystemExit):
    """SIGTERM asks this process to end; what is half done is put in order on the way out."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)


def end_in_order() -> None:
    """Let SIGTERM raise Terminated in the main thread, as Ctrl-C does KeyboardInterrupt.

    A second one ends the process at once. Where something else is done about it, or it is not heard
    at all, that stays so.
    """
    here = threading.current_thread() is threading.main_thread()
    if here and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise Terminated


def status_of(end: BaseException) -> int:
    """Return the exit status of a command that a signal ends."""
    return TERMINATED if isinstance(end, Terminated) else INTERRUPTED


def said_of(end: BaseException) -> str:
    """Return the line that a command says when a signal ends it."""
    return "Ended by SIGTERM." if isinstance(end, Terminated) else "Interrupted."


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
