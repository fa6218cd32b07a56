"""One writer of a run directory: a lock file with a heartbeat, which also works over a network.

The file is created exclusively, which NFS does atomically, and touched every few seconds. One that
has not been touched for a while, or whose process on this machine is gone, is taken over.
"""

import contextlib
import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deeptracker.errors import RecordingError
from deeptracker.format import LOCK

log = logging.getLogger("deeptracker")

BEAT_SECONDS = 5.0
# Without a beat for so long, a writer on another machine is held to be gone.
STALE_SECONDS = 45.0
_LOOK_SECONDS = 0.5


class RunLocked(RecordingError):  # noqa: N818
    """Another process records into the run directory right now."""


class RunLock:
    """Holds a run directory for this process until `release`, or until it is lost.

    `on_beat` is called from the lock's own thread at every beat.
    """

    def __init__(self, run_dir: Path, on_beat: Callable[[], None] = lambda: None) -> None:
        self._path = run_dir / LOCK
        self._token = secrets.token_hex(16)
        self.on_beat = on_beat
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.lost = False

    def acquire(self) -> "RunLock":
        """Take the lock; wait for one that may be left over. RunLocked where its writer lives.

        Raises OSError where the folder cannot be written.
        """
        begun, seen = time.monotonic(), None
        while not self._create():
            holder, beat = self._read(), _beat(self._path)
            if holder is None or beat is None:
                time.sleep(0.05)  # released, or being written, at this moment
                if time.monotonic() - begun < STALE_SECONDS:
                    continue
                self._take_over(holder)
                continue
            if _is_gone(holder):
                self._take_over(holder)
                continue
            if _is_here(holder) or (seen is not None and beat != seen):
                raise RunLocked(self._busy(holder))
            seen = beat
            if time.monotonic() - begun >= STALE_SECONDS:
                self._take_over(holder)
                continue
            time.sleep(_LOOK_SECONDS)
        self._thread = threading.Thread(target=self._beat_on, name="deeptracker-lock", daemon=True)
        self._thread.start()
        return self

    def _busy(self, holder: dict[str, Any]) -> str:
        return (
            f"{self._path.parent}: process {holder.get('pid')} on {holder.get('host')} records "
            "into it right now; stop it first, or choose another run directory"
        )

    def _create(self) -> bool:
        try:
            file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        with os.fdopen(file, "w") as out:
            json.dump({"token": self._token, **_myself()}, out)
        return True

    def _read(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _take_over(self, holder: dict[str, Any] | None) -> None:
        """Move a lock that is left over out of the way; the next `_create` decides who has it."""
        aside = self._path.with_name(f".{LOCK}.{self._token}.partial")
        with contextlib.suppress(OSError):
            self._path.rename(aside)
            moved = json.loads(aside.read_text() or "{}")
            if holder is not None and moved.get("token") != holder.get("token"):
                # Somebody else was faster, and this is theirs: put it back.
                os.link(aside, self._path)
            else:
                log.warning("%s: taken over from a writer that is gone", self._path.parent)
        with contextlib.suppress(OSError):
            aside.unlink()

    def held(self) -> bool:
        """Say whether the lock is still this process's own; False for good once it is not."""
        if not self.lost:
            holder = self._read()
            # A folder that cannot be read for a moment is no other writer.
            if holder is not None and holder.get("token") != self._token:
                self.lost = True
        return not self.lost

    def _beat_on(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            with contextlib.suppress(OSError):
                if self.held():
                    os.utime(self._path)
            self.on_beat()

    def release(self) -> None:
        """Give the lock back; nothing happens where it is not held."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=BEAT_SECONDS)
        self._thread = None
        with contextlib.suppress(OSError):
            if (self._read() or {}).get("token") == self._token:
                self._path.unlink()


def is_alive(run_dir: Path) -> bool:
    """Say whether a writer holds the run directory, as far as one look can tell."""
    path = run_dir / LOCK
    try:
        holder, age = json.loads(path.read_text()), time.time() - path.stat().st_mtime
    except (OSError, ValueError):
        return False
    return age < STALE_SECONDS and not (isinstance(holder, dict) and _is_gone(holder))


def _beat(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _myself() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "began": _began(os.getpid())}


def _began(pid: int) -> str | None:
    """Return when a process began, in the kernel's own count, and in which boot; None: unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return f"{boot} {_namespace()} {stat.rpartition(')')[2].split()[19]}"


def _namespace() -> str:
    """Return what tells the process numbers of one container from those of another."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return "pid"


def _is_here(holder: dict[str, Any]) -> bool:
    """Say whether the holder is a process of this machine that lives."""
    if holder.get("host") != socket.gethostname() or not isinstance(holder.get("pid"), int):
        return False
    began = _began(holder["pid"])
    return began is not None and began == holder.get("began")


def _is_gone(holder: dict[str, Any]) -> bool:
    """Say whether the holder was a process of this machine, which is over."""
    if holder.get("host") != socket.gethostname() or holder.get("began") is None:
        return False
    mine = _began(os.getpid())
    # Containers may share a name: only the kernel's boot and its numbering tell them apart.
    comparable = mine is not None and mine.split()[:2] == str(holder["began"]).split()[:2]
    return comparable and not _is_here(holder)
