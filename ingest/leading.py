"""Who leads a shared load: divides it, invites helpers, sees to it that all of it is loaded."""

import time
from collections.abc import Callable, Sequence
from itertools import accumulate

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from db import load, load_shares
from db.load_shares import DonePart
from deeptracker.errors import LogError
from deeptracker.format import Manifest
from ingest.run_load import RunLoad
from ingest.sharing import CARE_SECONDS, TURN_SECONDS, NotOurs, Seat, Sharing, finer
from ingest.sources import Source

OnDone = Callable[[int], None]


class Leader:
    """Loads what a look at a log found, with the help of whoever has time.

    `on_done` is told how many snapshots are done whenever that has changed.
    """

    def __init__(
        self,
        connection: Connection,
        run: RunLoad,
        sharing: Sharing,
        *,
        on_done: OnDone,
        on_bad: Callable[[LogError], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self._connection, self._run, self._sharing = connection, run, sharing
        self._on_done, self._on_bad, self._should_stop = on_done, on_bad, should_stop
        self._invited: set[int] = set()
        self._next_care = 0.0
        self._done = 0

    def load(
        self, source: Source, manifest: Manifest, parts: Sequence[Sequence[int]]
    ) -> list[DonePart]:
        """Load the parts (iterations, rising) until all are done, or `should_stop` says so."""
        run_id, job_id = self._run.run_id, self._sharing.job_id
        with load.batch(self._connection) as session:
            if load_shares.others(session, worker=self._sharing.worker):
                parts = finer(parts)
            plan = load_shares.make_plan(session, run_id=run_id, job_id=job_id, parts=parts)
        self._seat = Seat(
            self._connection,
            run_id,
            plan,
            self._sharing.worker,
            leads=True,
            wait_for=self._wait_for,
        )
        self._up_to = [0, *accumulate(map(len, parts))]
        while self._done < self._up_to[-1] and not self._should_stop():
            self._load_what_can_be_had(source, manifest)
            self._see_to_others()
        with load.batch(self._connection) as session:
            done = load_shares.results(session, run_id=run_id, plan=plan)
            load_shares.clear(session, run_id=run_id)
        for part in parts:
            source.passed(part)
        self._run.refresh()
        return done

    def _load_what_can_be_had(self, source: Source, manifest: Manifest) -> None:
        self._invite()
        try:
            for batch in self._seat.batches(source, manifest, self._run):
                self._seat.write(self._run, batch)
                for error in batch.bad:
                    self._on_bad(error)
                self._note(self._up_to[batch.part.number + 1])
                if self._should_stop():
                    break
                if self._is_time_to_care():
                    self._invite()
        except NotOurs:
            pass  # a part before it was left behind: that goes first
        self._seat.give_back()

    def _wait_for(self, session: Session, part: int) -> None:
        """Wait for the turn of a part; NotOurs where one before it must be loaded first."""
        while True:
            front = load_shares.front(session, **self._seat.place)
            if front is None or front.state != "taken":
                raise NotOurs
            self._note(self._up_to[front.number])
            if front.number == part:
                return
            if self._is_time_to_care() and (
                self._should_stop() or load_shares.lost_parts(session, **self._seat.place)
            ):
                raise NotOurs
            time.sleep(TURN_SECONDS)

    def _see_to_others(self) -> None:
        """Look how far all are, free what was left behind; rest while others are at work."""
        with load.batch(self._connection) as session:
            if lost := load_shares.lost_parts(session, **self._seat.place):
                load_shares.release(session, **self._seat.place, parts=lost)
            front = load_shares.front(session, **self._seat.place)
        self._note(self._up_to[-1 if front is None else front.number])
        if front is not None and front.state == "taken":
            time.sleep(TURN_SECONDS)

    def _invite(self) -> None:
        with load.batch(self._connection) as session:
            self._invited |= load_shares.invite(
                session,
                **self._seat.place,
                job_id=self._sharing.job_id,
                worker=self._sharing.worker,
                known=self._invited,
            )

    def _is_time_to_care(self) -> bool:
        now = time.monotonic()
        due = now >= self._next_care
        if due:
            self._next_care = now + CARE_SECONDS
        return due

    def _note(self, done: int) -> None:
        if done > self._done:
            self._done = done
            self._on_done(done)
