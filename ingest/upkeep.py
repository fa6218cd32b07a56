"""What every worker does beside its jobs: heartbeat, schedules, watched folders, rescue, lake.

All workers do all of it; the database lets each thing be done by one of them. Every duty is done
again and again, whatever went wrong with it the last time.
"""

import asyncio
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Sequence

from sqlalchemy import Engine

from db import queue_care
from db.engine import session_scope
from db.queries.jobs import job_notes, job_upkeep, places, workers
from db.queries.trainings import scripts
from db.queue import HEARTBEAT_SECONDS, QUEUE, ask_probe, place_queue, script_queue, worker_queue
from db.repeating import Duty
from ingest.awaiting import FollowSettings, LogWatch
from ingest.hand import Hand
from ingest.job import MAX_ATTEMPTS
from ingest.locations import Place
from ingest.places import Lookout
from ingest.store_care import StoreCare
from ingest.taking import Queues
from ingest.trainings.running import Trainer
from ingest.watching import FolderWatch

logger = logging.getLogger(__name__)

TICK_SECONDS = 2.0
SETTLE_SECONDS = 5.0
PLACES_SECONDS = 5.0
EMPTY_SECONDS = 600.0
CLEAR_SECONDS = 3600.0
SUMMARY_SECONDS = 60.0
ALERT_SECONDS = 10.0
LAKE_SECONDS = 10.0


def connections_name() -> str:
    """Return a name for the connections of one worker process, which no other has."""
    return f"deeptracker worker {secrets.token_hex(6)}"


class Upkeep(StoreCare):
    """The recurring duties of one worker process; `name` is what its jobs carry.

    `queue` is what it alone looks into, `connections` the name of its connections, `hand` what it
    has in hand; `trainer` is what it has for trainings, None where they are off.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        roots: Sequence[Place],
        concurrency: int,
        connections: str | None = None,
        trainer: Trainer | None = None,
    ) -> None:
        super().__init__(engine, trainer)
        self.trainings = Hand()
        self._roots, self._concurrency = roots, concurrency
        self._settings = FollowSettings()
        self.connections = connections or connections_name()
        self.hand = Hand()
        self._logs = LogWatch(engine, roots, self._settings)
        self._folders = FolderWatch(engine, roots)
        self._lookout = Lookout(roots)
        self._told: tuple[dict[str, bool], int] = ({}, 0)
        self._offered = 0
        self._entering = threading.Lock()
        self._id, self.name = self._enter()

    @property
    def queue(self) -> str:
        """Return the name of the queue that this worker alone looks into."""
        return worker_queue(self._id)

    def queues(self) -> Queues:
        """Return what it takes jobs from."""
        return Queues(
            self.engine,
            lambda: [QUEUE, self.queue],
            self._concurrency,
            self.hand,
            self.connections,
            self.come_back,
        )

    def training_queues(self, trainer: Trainer) -> Queues:
        """Return what it takes trainings from: its place's own first, for those have a process."""
        connections = f"{self.connections} trainings"

        def come_back() -> None:
            self.live()
            with session_scope(self.engine) as session:
                workers.end_connections(session, name=connections)
            self._put_back(self.trainings, self.trainings.left(seconds=0.0))

        names = [place_queue(trainer.place), *map(script_queue, trainer.scripts)]
        return Queues(
            self.engine,
            lambda: names,
            trainer.settings.at_once,
            self.trainings,
            connections,
            come_back,
        )

    def _enter(self) -> tuple[int, str]:
        with session_scope(self.engine) as session:
            return workers.add_worker(
                session,
                host=socket.gethostname(),
                process=os.getpid(),
                concurrency=self._concurrency,
                roots=[str(root) for root in self._roots],
            )

    def leave(self) -> None:
        """Say that this worker ends."""
        with session_scope(self.engine) as session:
            workers.remove_worker(session, worker_id=self._id)

    def duties(self) -> list[tuple[Callable[[], None], float]]:
        """Return the duties, and the seconds between two times of each."""
        return [
            (self.live, HEARTBEAT_SECONDS),
            (self.settle, SETTLE_SECONDS),
            (self.fire_schedules, TICK_SECONDS),
            (self.look_into_folders, TICK_SECONDS),
            (self.look_for_logs, TICK_SECONDS),
            (self.tell_places, PLACES_SECONDS),
            (self.tell_scripts, TICK_SECONDS),
            (self.see_lost_trainings, SETTLE_SECONDS),
            (self.empty_trash, EMPTY_SECONDS),
            (self.clear_queue, CLEAR_SECONDS),
            (self.summarise_old_runs, SUMMARY_SECONDS),
            (self.tell_alerts, ALERT_SECONDS),
            (self.keep_lake, LAKE_SECONDS),
        ]

    def start(self) -> list["asyncio.Task[None]"]:
        """Begin the duties; the caller cancels the tasks."""
        return [asyncio.create_task(_every(seconds, duty)) for duty, seconds in self.duties()]

    def live(self) -> None:
        """Send a heartbeat, and put back the jobs of workers that give none."""
        idle, in_hand, worker_id = self.hand.idle_seconds, len(self.hand), self._id
        with session_scope(self.engine) as session:
            seen = workers.see_worker(
                session, worker_id=worker_id, name=self.name, in_hand=in_hand, idle_seconds=idle
            )
            mine = [*self.hand.held, *self.trainings.held]
            rescued = queue_care.rescue_stalled(session, mine=mine)
        if not seen:  # silent for so long that it was forgotten, or the store is another one
            with self._entering:
                if self._id == worker_id:
                    self._id, self.name = self._enter()
        if rescued:
            logger.warning("%s jobs of a worker that is gone were put back", len(rescued))
        self._say_put_back(rescued)
        self._tell_interruptions()
        if idle > workers.PROBE_SECONDS and in_hand < self._concurrency:
            self._probe()

    def _tell_interruptions(self) -> None:
        kept = self.hand.interruptions
        for job_id, (number, said) in kept.pending().items():
            with session_scope(self.engine) as session:
                job_notes.forgive(session, job_id=job_id, number=number, text=said)
            kept.told(job_id, number)

    def _say_put_back(self, job_ids: Sequence[int]) -> None:
        # A transaction of its own: whoever cancels a job locks these rows in the other order.
        with session_scope(self.engine) as session:
            job_upkeep.note_put_back(
                session, job_ids=job_ids, message="Waits: the worker before is gone."
            )

    def _probe(self) -> None:
        with session_scope(self.engine) as session:
            queue_care.clear_probes(session, seconds=workers.STUCK_SECONDS)
            if not queue_care.waits_for_probe(session, worker_id=self._id):
                ask_probe(session, worker_id=self._id)

    def settle(self) -> None:
        """Put right what the queue was not told of, or has lost."""
        for hand in (self.hand, self.trainings):
            self._put_back(hand, hand.left())
        with session_scope(self.engine) as session:
            lost = job_upkeep.take_up_lost(session, most=MAX_ATTEMPTS)
        if lost:
            logger.warning("ingest jobs %s were lost by the queue", lost)

    def come_back(self) -> None:
        """Go on after the database was away: nothing of before is in the way of what comes.

        Raises what the database raises where it does not yet do its work.
        """
        self.engine.dispose()
        self.live()
        with session_scope(self.engine) as session:
            workers.end_connections(session, name=self.connections)
        self._put_back(self.hand, self.hand.left(seconds=0.0))

    def _put_back(self, hand: Hand, left: list[queue_care.Held]) -> None:
        with session_scope(self.engine) as session:
            put_back = queue_care.put_back(session, jobs=left)
        hand.settled(left)
        self._say_put_back(put_back)

    def look_into_folders(self) -> None:
        """Ask for jobs for what is new in the watched folders."""
        self._folders.look()

    def look_for_logs(self) -> None:
        """Queue the jobs whose log has appeared, and end those that waited for too long."""
        self._logs.look()

    def tell_places(self) -> None:
        """Tell which folders there are under the roots, for those who type a path."""
        found, worker_id = self._lookout.look(), self._id
        if (found, worker_id) != self._told:
            with session_scope(self.engine) as session:
                places.publish(session, worker_id=worker_id, places=found)
            self._told = (found, worker_id)

    def tell_scripts(self) -> None:
        """Tell which training scripts this worker offers, once under each of its numbers."""
        worker_id = self._id
        if self.trainer is not None and self._offered != worker_id:
            told = [one.told() for one in self.trainer.scripts.values()]
            with session_scope(self.engine) as session:
                scripts.publish(session, worker_id=worker_id, scripts=told)
            logger.info("training scripts on offer: %s", ", ".join(one.id for one in told))
            self._offered = worker_id


async def _every(seconds: float, do: Callable[[], None]) -> None:
    """Do a duty again and again, in one of the event loop's threads."""
    duty = Duty(do, name=do.__name__)
    while True:
        await asyncio.to_thread(duty.once)
        await asyncio.sleep(seconds)
