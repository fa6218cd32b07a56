"""Judges a new run while its last rows are being written, from what was read of its log.

Reading is ahead of the writing, and the server writes on a core of its own: what is judged
meanwhile costs a load no time. Nothing is stored before the rows are.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import load
from db.queries.runs.image_histories import HistoryRow
from ingest.evaluate import Verdict, judge
from ingest.gathered import Gathered
from ingest.image_histories import histories_of

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Early:
    """Judges what is gathered of one run in two threads, on connections of their own."""

    def __init__(self, engine: Engine, gathered: Gathered, *, run_id: int) -> None:
        self._engine, self._gathered, self._run_id = engine, gathered, run_id
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="judge")
        self._verdict: Future[Verdict | None] | None = None
        self._histories: Future[HistoryRow | None] | None = None

    def begin(self) -> None:
        """Begin: all snapshots are gathered."""
        if self._gathered.given_up or not self._gathered.seen[0]:
            return
        self._histories = self._threads.submit(self._unharmed, self._find_histories)
        self._verdict = self._threads.submit(self._unharmed, self._judge)

    def verdict(self, seen: tuple[int, int | None]) -> Verdict | None:
        """Return what the rules say of a run of so many snapshots up to an iteration.

        None where they saw others, or could not: then who stores it must ask them.
        """
        found = self._verdict.result() if self._verdict else None
        return found if found and (found.snapshots, found.last_iteration) == seen else None

    def histories(self, seen: tuple[int, int | None]) -> HistoryRow | None:
        """Return the histories of its images likewise."""
        found = self._histories.result() if self._histories else None
        return found if found and (found.snapshots, found.last_iteration) == seen else None

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _unharmed(self, find: Callable[[Session], T]) -> T | None:
        """Return what is found; None where it fails, which whoever finds it later will tell."""
        try:
            with self._engine.connect() as connection, load.batch(connection) as session:
                return find(session)
        except Exception:
            logger.debug("run %s could not be judged early", self._run_id, exc_info=True)
            return None

    def _judge(self, session: Session) -> Verdict:
        return judge(
            session,
            run_id=self._run_id,
            measured=self._gathered.measured(),
            told=self._gathered.told,
        )

    def _find_histories(self, session: Session) -> HistoryRow | None:
        return histories_of(session, self._gathered, run_id=self._run_id)
