"""The queue of background jobs: its connection, its names, and jobs put on it by a transaction.

Whoever asks for a job puts it on the queue in its own transaction (`defer`): rolled back, it was
never there; committed, the workers are told at once. procrastinate runs the workers.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from procrastinate import App, PsycopgConnector
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.engine import driver_url
from db.patience import waits

QUEUE = "ingest"
NAMESPACE = "deeptracker"
INGEST = f"{NAMESPACE}:ingest"
EVALUATE = f"{NAMESPACE}:evaluate"
PURGE = f"{NAMESPACE}:purge"
LOOK = f"{NAMESPACE}:look"
PROBE = f"{NAMESPACE}:probe"
TRAIN = f"{NAMESPACE}:train"

# A worker sends a heartbeat this often; silent for longer, its jobs go to another one. Shorter
# pauses of a busy machine do no harm then: loading a run is guarded by a lock.
HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 8.0

# No try of a job is set for later than this.
LONGEST_PAUSE_SECONDS = 60.0

# A queue that cannot get a connection for so long is given up for a new one: its pool would look
# for the database ever more seldom.
_CONNECTION_SECONDS = 5.0
_RECONNECT_SECONDS = 3.0


def make_queue(
    url: str,
    *,
    connections: int = 4,
    name: str = "deeptracker worker",
    on_lost: Callable[[], None] = lambda: None,
) -> App:
    """Return procrastinate's application on the database `url` (as SQLAlchemy writes it).

    The server lists its connections under `name`; `on_lost` is called when none can be had.
    """
    address = driver_url(url)

    async def lost(_pool: object) -> None:
        on_lost()

    connector = PsycopgConnector(
        conninfo=address.set(drivername="postgresql").render_as_string(hide_password=False),
        min_size=1,
        max_size=max(2, connections),
        timeout=_CONNECTION_SECONDS,
        reconnect_timeout=_RECONNECT_SECONDS,
        reconnect_failed=lost,
        kwargs={"application_name": name, **waits(address)},
    )
    return App(connector=connector)


async def give_up(queue: App) -> None:
    """Let everything that waits for a connection of an open queue fail now: there will be none."""
    connector = queue.connector
    if isinstance(connector, PsycopgConnector):
        await connector.pool.close(timeout=1.0)


def worker_queue(worker_id: int) -> str:
    """Return the name of the queue that one worker alone looks into, beside that of all."""
    return f"{QUEUE}-{worker_id}"


def script_queue(script: str) -> str:
    """Return the name of the queue of the workers that offer a training script."""
    return f"training:{script}"


def place_queue(place: str) -> str:
    """Return the name of the queue of the workers of one place (Training.place)."""
    return f"training@{place}"


def defer(session: Session, *, task: str, arguments: Mapping[str, Any]) -> int:
    """Put a job on the queue within the session's transaction; return procrastinate's id of it."""
    return _defer(session, QUEUE, task, arguments, priority=0)


def ask_probe(session: Session, *, worker_id: int) -> int:
    """Ask one worker to take a task that does nothing, before all others; return its id."""
    return _defer(session, worker_queue(worker_id), PROBE, {"worker": worker_id}, priority=1)


def defer_training(session: Session, *, training_id: int, on: str) -> int:
    """Put a training on the queue `on`; return procrastinate's id of it."""
    return _defer(session, on, TRAIN, {"training_id": training_id}, priority=0)


def keep_training_at(session: Session, *, queue_job: int, place: str) -> None:
    """Let a training that is in hand only ever go back to the workers of a place, and be first."""
    session.execute(
        text("UPDATE procrastinate_jobs SET queue_name = :queue, priority = 1 WHERE id = :id"),
        {"queue": place_queue(place), "id": queue_job},
    )


def withdraw_training(session: Session, *, training_id: int) -> None:
    """Take a training off the queue that was not begun."""
    session.execute(
        text(
            "SELECT procrastinate_cancel_job_v1(id, false, true) FROM procrastinate_jobs "
            "WHERE status = 'todo' AND task_name = :task AND args->>'training_id' = :training"
        ),
        {"task": TRAIN, "training": str(training_id)},
    )


def waiting_trainings(session: Session) -> dict[int, int]:
    """Return the place (1 is the next) of every training among those on its queue."""
    found = session.execute(
        text(
            "SELECT (args->>'training_id')::integer, row_number() OVER "
            "(PARTITION BY queue_name ORDER BY priority DESC, id) "
            "FROM procrastinate_jobs WHERE status = 'todo' AND task_name = :task"
        ),
        {"task": TRAIN},
    )
    return {training: place for training, place in found}


def _defer(
    session: Session, queue: str, task: str, arguments: Mapping[str, Any], *, priority: int
) -> int:
    found = session.execute(
        text(
            "SELECT (procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :task, :priority, NULL, NULL, "
            "CAST(:arguments AS jsonb), NULL)::procrastinate_job_to_defer_v1]))[1]"
        ),
        {
            "queue": queue,
            "task": task,
            "priority": priority,
            "arguments": json.dumps(dict(arguments)),
        },
    )
    return int(found.scalar_one())


def waiting(session: Session, *, task: str, argument: str) -> dict[int, int]:
    """Return the place in the queue (1 is the next) by the value of an argument of the jobs."""
    found = session.execute(
        text(
            "SELECT (args->>:argument)::integer, row_number() OVER (ORDER BY priority DESC, id) "
            "FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = :queue "
            "AND task_name = :task"
        ),
        {"argument": argument, "queue": QUEUE, "task": task},
    )
    return {value: place for value, place in found}


def waiting_arguments(session: Session, *, task: str, argument: str) -> set[int]:
    """Return the values of an argument of the task's jobs that wait."""
    return set(waiting(session, task=task, argument=argument))
