"""Scalars on their way to the disk between two snapshots: a line an iteration, at once.

What the kernel has taken survives whatever ends the process.
"""

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from deeptracker.format import SCALARS, tail_line
from deeptracker.scalars import fetch

# Values that are on a GPU are carried over together; nothing waits for it.
CARRY_SECONDS = 2.0

Kept = Mapping[str, float | Tensor]


class ScalarJournal:
    """Writes scalars.jsonl; on a full disk it is silent until the next snapshot.

    `on_error` is told of the OSError.
    """

    def __init__(self, run_dir: Path, on_error: Callable[[OSError], None]) -> None:
        self._path = run_dir / SCALARS
        self._on_error = on_error
        self._file: int | None = None
        self._broken = False
        self._waiting: list[tuple[int, Kept]] = []
        self._carried: tuple[list[tuple[int, Kept]], Any, Any] | None = None
        self._last = time.monotonic()

    def add(self, iteration: int, values: Kept) -> None:
        """Write the values of an iteration; those on a GPU within a few seconds."""
        if not self._waiting and not any(isinstance(v, Tensor) for v in values.values()):
            self._write(tail_line(iteration, values))  # type: ignore[arg-type]
            return
        self._waiting.append((iteration, values))
        self._take_carried()
        if self._carried is None and time.monotonic() - self._last >= CARRY_SECONDS:
            self._carry()

    def _carry(self) -> None:
        """Begin to copy what waits from the device, without waiting for the copy."""
        self._last = time.monotonic()
        tensors = [v for _, kept in self._waiting for v in kept.values() if isinstance(v, Tensor)]
        if len({tensor.device for tensor in tensors}) != 1 or tensors[0].device.type != "cuda":
            self._write_fetched(self._waiting, fetch(tensors))
            self._waiting = []
            return
        values = torch.stack([tensor.double() for tensor in tensors]).to("cpu", non_blocking=True)
        arrived = torch.cuda.Event()
        arrived.record()
        self._carried, self._waiting = (self._waiting, values, arrived), []

    def _take_carried(self) -> None:
        if self._carried is not None and self._carried[2].query():
            rows, values, _ = self._carried
            self._carried = None
            self._write_fetched(rows, values.tolist())

    def flush(self) -> None:
        """Write all that waits, and wait for it."""
        if self._carried is not None:
            self._carried[2].synchronize()
            self._take_carried()
        tensors = [v for _, kept in self._waiting for v in kept.values() if isinstance(v, Tensor)]
        self._write_fetched(self._waiting, fetch(tensors))
        self._waiting = []

    def _write_fetched(self, rows: list[tuple[int, Kept]], numbers: list[float]) -> None:
        fetched = iter(numbers)
        lines = []
        for iteration, kept in rows:
            plain = {n: next(fetched) if isinstance(v, Tensor) else v for n, v in kept.items()}
            lines.append(tail_line(iteration, plain))
        if lines:
            self._write(b"".join(lines))

    def _write(self, data: bytes) -> None:
        if self._broken:
            return
        try:
            if self._file is None:
                flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
                self._file = os.open(self._path, flags, 0o644)
            done = os.write(self._file, data)
            if done != len(data):
                os.ftruncate(self._file, os.fstat(self._file).st_size - done)
                raise OSError(28, "No space left on device")
        except OSError as error:
            self._broken = True
            self._on_error(error)

    def restart(self) -> None:
        """Drop all lines: a snapshot on disk has the values now."""
        self._waiting, self._carried, self._broken = [], None, False
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Write what waits and let go of the file; an empty one is removed."""
        self.flush()
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            empty = os.fstat(self._file).st_size == 0
            os.fsync(self._file)
            os.close(self._file)
            if empty:
                self._path.unlink()
        self._file = None
