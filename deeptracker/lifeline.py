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
# Below the ten seconds after which `docker stop` kills.
_LOST_SECONDS = 8.0
_ENDED = "Ended by SIGTERM."


_tidies: list[Callable[[], object]] = []
_ended = threading.Event()


@contextmanager
def heard() -> Iterator[None]:
    """Let SIGTERM end what runs within the block as Ctrl-C does: by KeyboardInterrupt.

    What is cleaned up at Ctrl-C is so for `kill`, `docker stop` and systemd, too; `farewell` tells
    which of both it was. An exception that comes during an import, or at an object's end, is lost:
    where the block has not ended after some seconds, the process is ended. Where something else is
    done about SIGTERM, or it is not heard at all, that stays so.
    """
    ours = os.getpid()

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if os.getpid() != ours:  # a child that was forked has nothing to clean up
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif not _ended.is_set():
            _ended.set()
            threading.Thread(target=_insist, name="end", daemon=True).start()
            raise KeyboardInterrupt

    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        if not _ended.is_set():  # else once more is once too often
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def farewell() -> tuple[str, int]:
    """Return what a command that was interrupted says, and its exit status."""
    return (_ENDED, TERMINATED) if _ended.is_set() else ("Interrupted.", INTERRUPTED)


@contextmanager
def tidied(tidy: Callable[[], object]) -> Iterator[None]:
    """Call `tidy` where the process is ended within the block because SIGTERM got lost there."""
    _tidies.append(tidy)
    try:
        yield
    finally:
        _tidies.remove(tidy)


def _insist() -> None:
    time.sleep(_LOST_SECONDS)
    for tidy in reversed(_tidies):
        tidy()
    os.write(2, f"{_ENDED}\n".encode())
    os._exit(TERMINATED)


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
