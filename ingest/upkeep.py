"""What every worker does beside its jobs: sign of life, schedules, watched folders, rescue.

All workers do all of it; the database lets each thing be done by one of them.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from db.engine import session_scope
from db.queries import run_upkeep, schedules, watches, workers
from db.queue import HEARTBEAT_SECONDS, rescue_stalled, worker_queue
from deeptracker.errors import LogError
from ingest.alerts import AlertSettings, deliver
from ingest.locations import LocationRefused, ObjectFolder, Place, resolve_location
from ingest.watching import run_directories

logger = logging.getLogger(__name__)

TICK_SECONDS = 2.0
EMPTY_SECONDS = 600.0
ALERT_SECONDS = 10.0
LOOK_SECONDS = 5.0
LOOK_INTO_OBJECTS_SECONDS = 30.0
# Another worker may be able to read what this one cannot.
_OTHERS_SECONDS = 3 * LOOK_INTO_OBJECTS_SECONDS


class Upkeep:
    """The recurring duties of one worker process; `name` is what its jobs carry.

    `queue` is what it alone looks into.
    """

    def __init__(self, engine: Engine, *, roots: Sequence[Place], concurrency: int) -> None:
        self._engine, self._roots, self._concurrency = engine, roots, concurrency
        self._alerts = AlertSettings()
        self._id, self.name = self._enter()
        self.queue = worker_queue(self._id)

    def _enter(self) -> tuple[int, str]:
        with session_scope(self._engine) as session:
            return workers.add_worker(
                session,
                host=socket.gethostname(),
                process=os.getpid(),
                concurrency=self._concurrency,
                roots=[str(root) for root in self._roots],
            )

    def leave(self) -> None:
        """Say that this worker ends."""
        with session_scope(self._engine) as session:
            workers.remove_worker(session, worker_id=self._id)

    def start(self) -> list["asyncio.Task[None]"]:
        """Begin the duties; the caller cancels the tasks."""
        duties = (
            (self.live, HEARTBEAT_SECONDS),
            (self.fire_schedules, TICK_SECONDS),
            (self.look_into_folders, TICK_SECONDS),
            (self.empty_trash, EMPTY_SECONDS),
            (self.tell_alerts, ALERT_SECONDS),
        )
        return [asyncio.create_task(_every(seconds, duty)) for duty, seconds in duties]

    def live(self) -> None:
        """Give a sign of life, and put back the jobs of workers that give none."""
        with session_scope(self._engine) as session:
            seen = workers.see_worker(session, worker_id=self._id)
            number = rescue_stalled(session)
        if not seen:  # silent for so long that it was forgotten
            self._id, self.name = self._enter()
        if number:
            logger.warning("%s jobs of a worker that is gone were put back", number)

    def fire_schedules(self) -> None:
        """Ask for the jobs whose time has come."""
        with session_scope(self._engine) as session:
            schedules.fire_due(session)

    def empty_trash(self) -> None:
        """Ask for the deletion of runs that were in the trash for long enough."""
        with session_scope(self._engine) as session:
            run_upkeep.empty_trash(session)

    def tell_alerts(self) -> None:
        """Tell webhooks and people by e-mail about findings of live runs."""
        deliver(self._engine, self._alerts)

    def look_into_folders(self) -> None:
        """Ask for jobs for what is new in the watched folders."""
        with session_scope(self._engine) as session:
            due = watches.due_watches(session, seconds=LOOK_SECONDS)
            rested = watches.due_watches(session, seconds=LOOK_INTO_OBJECTS_SECONDS)
        for watch_id, location in due:
            try:
                folder = resolve_location(location, roots=self._roots, itself=True)
                if isinstance(folder, ObjectFolder) and (watch_id, location) not in rested:
                    continue
                found = run_directories(folder)
            except (LocationRefused, LogError) as error:
                self._note(watch_id, str(error))
                continue
            with session_scope(self._engine) as session:
                watches.take_finds(session, watch_id=watch_id, found=found)

    def _note(self, watch_id: int, problem: str) -> None:
        with session_scope(self._engine) as session:
            watches.note_problem(
                session, watch_id=watch_id, problem=problem, seconds=_OTHERS_SECONDS
            )


async def _every(seconds: float, duty: Callable[[], None]) -> None:
    """Do a duty again and again, in a thread; nothing that goes wrong ends it."""
    while True:
        try:
            await asyncio.to_thread(duty)
        except OperationalError:
            logger.warning("the database is away; %s is tried again", duty.__name__)
        except Exception:
            logger.exception("%s failed; it is tried again", duty.__name__)
        await asyncio.sleep(seconds)
