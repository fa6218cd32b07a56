"""What a worker process has in hand, and what it let go of without being able to say so.

The queue learns of the end of a job by a write of the queue's worker. Where the database is away in
that moment, the queue goes on believing that the job is in hand, for the worker lives; so the
worker keeps account itself, and sees to it afterwards.
"""

import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import JobContext
from procrastinate.worker import Worker

from db.queue_care import Held

# To say that a job has ended takes a moment, and longer where the database is slow.
SETTLED_SECONDS = 15.0


class Hand:
    """The tasks of this process; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[Held] = set()
        self._left: dict[Held, float] = {}
        self._took = time.monotonic()
        self.interruptions = Interruptions()

    async def hold(
        self, call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker
    ) -> Any:
        """Run a task and keep account of it; a middleware of the queue's worker."""
        job = context.job
        held = Held(job.id or 0, worker.worker_id or 0, job.attempts)
        with self._lock:
            self._took = time.monotonic()
            self._left.pop(held, None)
            self._held.add(held)
        try:
            return await call_next()
        finally:
            with self._lock:
                self._held.discard(held)
                self._left[held] = time.monotonic()

    def __len__(self) -> int:
        with self._lock:
            return len(self._held)

    @property
    def held(self) -> list[Held]:
        """Return what is being done just now."""
        with self._lock:
            return list(self._held)

    @property
    def idle_seconds(self) -> float:
        """Return how long ago a task was taken off the queue, or this process began."""
        return time.monotonic() - self._took

    def left(self, *, seconds: float | None = None) -> list[Held]:
        """Return what was let go of at least so long ago, and is not known to be settled.

        By default for so long that the queue must know, had it been told.
        """
        before = time.monotonic() - (SETTLED_SECONDS if seconds is None else seconds)
        with self._lock:
            return [held for held, at in self._left.items() if at <= before]

    def settled(self, jobs: list[Held]) -> None:
        """Forget jobs of which the queue knows."""
        with self._lock:
            for held in jobs:
                self._left.pop(held, None)


class Interruptions:
    """Attempts of ingest jobs that the database ended, and that it could not be told of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[int, tuple[int, str]] = {}

    def add(self, job_id: int, said: str) -> None:
        """Note one more attempt, and why it ended."""
        with self._lock:
            self._pending[job_id] = (self._pending.get(job_id, (0, ""))[0] + 1, said)

    def pending(self) -> dict[int, tuple[int, str]]:
        """Return by job how many attempts there are, and why the last one ended."""
        with self._lock:
            return dict(self._pending)

    def told(self, job_id: int, number: int) -> None:
        """Forget so many attempts of a job, of which the database was told."""
        with self._lock:
            rest, said = self._pending.pop(job_id, (0, ""))
            if rest > number:
                self._pending[job_id] = (rest - number, said)
