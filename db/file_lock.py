"""Locks of files between processes, which the kernel lifts when a process ends, however it ends."""

import fcntl
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOOK_SECONDS = 0.02
_locks: "weakref.WeakSet[FileLock]" = weakref.WeakSet()


class FileLock:
    """A lock on the file at `path`, which is made where it is missing and stays when it is lifted.

    It belongs to this process alone: a process forked from it holds none, whatever it inherits.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None
        self._shared = False
        _locks.add(self)

    @property
    def held(self) -> bool:
        """Return whether this object holds the lock."""
        return self._file is not None

    @property
    def file(self) -> int:
        """Return the open file that carries the lock: a program that inherits it holds it too."""
        assert self._file is not None
        return self._file

    def take(self, *, shared: bool = False, seconds: float | None = None) -> bool:
        """Take the lock; return whether that was possible within `seconds` (None: for ever).

        `shared` goes together with others that are shared. OSError where there can be no such file.
        """
        assert self._file is None
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = None if seconds is None else time.monotonic() + seconds
        try:
            while not _locked(file, shared=shared):
                if end is not None and time.monotonic() >= end:
                    os.close(file)
                    return False
                time.sleep(_LOOK_SECONDS)
        except BaseException:
            os.close(file)
            raise
        self._file, self._shared = file, shared
        return True

    def lift(self) -> None:
        """Give the lock back; programs that inherited it hold it until they end."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _after_fork(self) -> None:
        """Let go of what the parent holds, and take a lock of our own where several may have it."""
        if self._file is None:
            return
        self.lift()
        if self._shared:
            with suppress(OSError):
                self.take(shared=True, seconds=0)


def _locked(file: int, *, shared: bool) -> bool:
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(path: Path, *, seconds: float | None = None) -> Iterator[bool]:
    """Hold the lock on `path` within the block; yield False where it was not free in `seconds`."""
    lock = FileLock(path)
    try:
        yield lock.take(seconds=seconds)
    finally:
        lock.lift()


def is_locked(path: Path) -> bool:
    """Return whether anybody holds the lock on `path`, a program that inherited it included."""
    if not path.exists():
        return False
    with locked(path, seconds=0) as free:
        return not free


def _forked() -> None:
    for lock in list(_locks):
        lock._after_fork()


os.register_at_fork(after_in_child=_forked)
