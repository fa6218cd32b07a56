"""The queue of background jobs: its connection, its names, and jobs put on it by a transaction.

Whoever asks for a job puts it on the queue in its own transaction (`defer`): rolled back, it was
never there; committed, the workers are told at once. procrastinate runs the workers.
"""

import json
from collections.abc import Mapping
from typing import Any

from procrastinate import App, PsycopgConnector
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.engine import driver_url

QUEUE = "ingest"
NAMESPACE = "deeptracker"
INGEST = f"{NAMESPACE}:ingest"
EVALUATE = f"{NAMESPACE}:evaluate"
PURGE = f"{NAMESPACE}:purge"

# A worker gives a sign of life this often; silent for longer, its jobs go to another one. Shorter
# pauses of a busy machine do no harm then: loading a run is guarded by a lock.
HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 8.0

# No try of a job is set for later than this.
LONGEST_PAUSE_SECONDS = 60.0


def make_queue(url: str, *, connections: int = 4) -> App:
    """Return procrastinate's application on the database `url` (as SQLAlchemy writes it)."""
    plain = driver_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connector = PsycopgConnector(
        conninfo=plain,
        min_size=1,
        max_size=max(2, connections),
        kwargs={"application_name": "deeptracker worker"},
    )
    return App(connector=connector)


def defer(session: Session, *, task: str, arguments: Mapping[str, Any]) -> int:
    """Put a job on the queue within the session's transaction; return procrastinate's id of it."""
    found = session.execute(
        text(
            "SELECT (procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :task, 0, NULL, NULL, "
            "CAST(:arguments AS jsonb), NULL)::procrastinate_job_to_defer_v1]))[1]"
        ),
        {"queue": QUEUE, "task": task, "arguments": json.dumps(dict(arguments))},
    )
    return int(found.scalar_one())


def withdraw(session: Session, *, task: str, argument: str, value: int) -> None:
    """Take the waiting jobs with this argument off the queue, within the session's transaction."""
    session.execute(
        text(
            "SELECT procrastinate_cancel_job_v1(id, false, true) FROM procrastinate_jobs "
            "WHERE status = 'todo' AND queue_name = :queue AND task_name = :task "
            "AND args->>:argument = :value"
        ),
        {"queue": QUEUE, "task": task, "argument": argument, "value": str(value)},
    )


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


def rescue_stalled(session: Session, *, seconds: float = STALLED_SECONDS) -> int:
    """Put the jobs of workers that are gone or silent back on the queue; return how many.

    Several workers may do so at once: each job is put back by one of them. After the server's clock
    was set back, signs of life and tries lie in a future that nobody shall wait for.
    """
    session.execute(
        text(
            "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' "
            "AND queue_name = :queue AND scheduled_at > now() + make_interval(secs => :seconds)"
        ),
        {"queue": QUEUE, "seconds": LONGEST_PAUSE_SECONDS},
    )
    found = session.execute(
        text(
            "WITH stalled AS (SELECT job.id FROM procrastinate_jobs job "
            "WHERE job.status = 'doing' AND job.queue_name = :queue AND NOT EXISTS ("
            "SELECT FROM procrastinate_workers worker WHERE worker.id = job.worker_id "
            "AND worker.last_heartbeat BETWEEN now() - make_interval(secs => :seconds) "
            "AND now() + make_interval(secs => :seconds)) "
            "FOR UPDATE OF job SKIP LOCKED) "
            "SELECT id, procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM stalled"
        ),
        {"queue": QUEUE, "seconds": seconds},
    )
    return len(found.all())
