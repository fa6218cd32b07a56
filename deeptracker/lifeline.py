"""How a command ends: in order where SIGTERM asks for it, and with the process that started it."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
TERMINATED = 128 + int(signal.SIGTERM)
_VARIABLE, _STDIN = "DEEPTRACKER_LIFELINE", "stdin"
# Whoever starts us with this in our environment keeps the other end of our standard input open.
ASKED = {_VARIABLE: _STDIN}
_PATIENCE_SECONDS = 20.0


@contextmanager
def tidied(tidy: Callable[[], object]) -> Iterator[None]:
    """Call `tidy` where SIGTERM comes within the block; then the process ends, and says so.

    Nothing is raised for that: it would be lost where it meets an import, or an object's end. Where
    something else is done about SIGTERM, or it is not heard at all, that stays so.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        tidy()
        os.write(2, b"Ended by SIGTERM.\n")
        os._exit(TERMINATED)

    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


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
