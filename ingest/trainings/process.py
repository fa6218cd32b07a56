"""The worker's side of a training's process: its folder, through which the keeper is spoken to."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.file_lock import FileLock, is_locked
from ingest.trainings import keeper

# What is shown of the output: its end.
_SHOWN_BYTES = 48_000
_SHOWN_LINES = 400
# How long the output of a training that is over stays on its host.
KEPT_DAYS = 30
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class End:
    """How a training ended: `reason` is "", "stop", "time", "shutdown", or why it never began."""

    exit_status: int | None
    reason: str


class Process:
    """The process of one training, whoever started it; `folder` is its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def began(self) -> bool:
        """Return whether its script was ever started."""
        return (self.folder / "began.json").exists() or self.end() is not None

    @property
    def alive(self) -> bool:
        """Return whether its keeper is there."""
        if self._keeper is not None:
            self._keeper.poll()  # a child that ended leaves the table of processes
        return is_locked(self.folder / "lock")

    def end(self) -> End | None:
        """Return how it ended, None where that is not written down (yet)."""
        try:
            found = json.loads((self.folder / "end.json").read_text())
            return End(found["exit_status"], str(found["reason"]))
        except (OSError, ValueError, KeyError):
            return None

    def start(
        self,
        command: Sequence[str],
        *,
        directory: str,
        environment: Mapping[str, str],
        seconds: float,
        output_bytes: int,
    ) -> None:
        """Start its keeper, which starts the command; OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        start: dict[str, Any] = {
            "command": list(command),
            "directory": directory,
            "seconds": seconds,
            "output_bytes": output_bytes,
        }
        keeper.write(self.folder / "start.json", start)
        lock = FileLock(self.folder / "lock")
        if not lock.take(seconds=0):
            return  # somebody keeps it already
        try:
            self._keeper = subprocess.Popen(  # noqa: S603 - our own keeper
                [sys.executable, "-I", keeper.__file__, str(self.folder)],
                cwd=self.folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[lock.file],  # from now on the keeper holds it
            )
        finally:
            lock.lift()

    def stop(self) -> None:
        """Ask the keeper to end it."""
        with suppress(OSError):
            (self.folder / "stop").touch()

    def output(self) -> str:
        """Return the end of what it printed, as text without the escapes of terminals."""
        kept = b"".join(
            _end_of(self.folder / name, _SHOWN_BYTES) for name in ("output.1.log", "output.log")
        )[-_SHOWN_BYTES:]
        lines = readable(kept.decode("utf-8", "replace")).split("\n")
        return "\n".join(lines[-_SHOWN_LINES:])


def forget_old(folder: Path) -> None:
    """Delete what processes that ended KEPT_DAYS ago have left in a state folder."""
    before = time.time() - KEPT_DAYS * 86_400
    for end in folder.glob("*/end.json"):
        with suppress(OSError):
            if end.stat().st_mtime < before and not is_locked(end.with_name("lock")):
                shutil.rmtree(end.parent)


def readable(text: str) -> str:
    """Return text without escapes; of what a line overwrote ("\\r"), the last state stays."""
    lines = _ESCAPE.sub("", text.replace("\r\n", "\n")).split("\n")
    return "\n".join(_UNSEEN.sub("", line.rstrip("\r").rpartition("\r")[2]) for line in lines)


def _end_of(file: Path, most: int) -> bytes:
    try:
        with file.open("rb") as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - most))
            return opened.read(most)
    except OSError:
        return b""
