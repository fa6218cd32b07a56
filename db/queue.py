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
HELP = f"{NAMESPACE}:help"

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


def worker_queue(worker_id: int) -> str:
    """Return the name of the queue that one worker alone looks into, beside that of all."""
    return f"{QUEUE}-{worker_id}"


def defer(session: Session, *, task: str, arguments: Mapping[str, Any]) -> int:
    """Put a job on the queue within the session's transaction; return procrastinate's id of it."""
    return _defer(session, QUEUE, task, arguments, priority=0)


def ask_for_help(session: Session, *, worker_id: int, arguments: Mapping[str, Any]) -> int:
    """Ask one worker to help with a load (`job_id` among the arguments) when it has nothing else.

    What is asked in vain goes with the load (`withdraw_help`) or the worker (`rescue_stalled`).
    """
    return _defer(session, worker_queue(worker_id), HELP, arguments, priority=-1)


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


def withdraw_help(session: Session, *, job_id: int) -> None:
    """Take back what was asked of workers for an ingest job and was not begun."""
    session.execute(
        text(
            "SELECT procrastinate_cancel_job_v1(id, false, true) FROM procrastinate_jobs "
            "WHERE status = 'todo' AND task_name = :task AND args->>'job_id' = :job"
        ),
        {"task": HELP, "job": str(job_id)},
    )


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
            "SELECT job.id, job.task_name FROM procrastinate_jobs job "
            "WHERE job.status = 'doing' AND (job.queue_name = :queue OR job.task_name = :help) "
            "AND NOT EXISTS ("
            "SELECT FROM procrastinate_workers worker WHERE worker.id = job.worker_id "
            "AND worker.last_heartbeat BETWEEN now() - make_interval(secs => :seconds) "
            "AND now() + make_interval(secs => :seconds)) "
            "FOR UPDATE OF job SKIP LOCKED"
        ),
        {"queue": QUEUE, "help": HELP, "seconds": seconds},
    ).all()
    again = "SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)"
    # Nobody goes on helping in another's stead: who leads the load takes over what was in hand.
    over = "SELECT procrastinate_finish_job_v1(:id, 'failed', true)"
    for job in found:
        session.execute(text(over if job.task_name == HELP else again), {"id": job.id})
    return len(found)
