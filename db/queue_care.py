"""What keeps the queue true: jobs whose worker is gone, and jobs that nobody could tell the end of.

The queue's own rows say who has a job in hand. A worker that died, was cut off or lost its database
in the wrong moment cannot put that right itself; whoever lives does it here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Row,
    Select,
    String,
    cast,
    column,
    delete,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from db.queue import (
    INGEST,
    LONGEST_PAUSE_SECONDS,
    PROBE,
    QUEUE,
    STALLED_SECONDS,
    TRAIN,
    worker_queue,
)

# procrastinate's tables, as far as they are read here.
_job = table(
    "procrastinate_jobs",
    *(column(name) for name in ("id", "queue_name", "task_name", "attempts", "worker_id")),
    column("status"),
    column("args", JSONB),
)
_worker = table(
    "procrastinate_workers", column("id"), column("last_heartbeat", DateTime(timezone=True))
)
_event = table("procrastinate_events", column("job_id"), column("at", DateTime(timezone=True)))

_TODO: ColumnElement[Any] = literal_column("'todo'")
_DOING: ColumnElement[Any] = literal_column("'doing'")
# How long what has ended stays, for those who look for what a worker did.
KEPT_DAYS = 30


@dataclass(frozen=True)
class Held:
    """A job of the queue (procrastinate's id) in the hands of one of its workers, at which try."""

    id: int
    worker: int
    attempts: int


def _is_held(seconds: float = STALLED_SECONDS) -> ColumnElement[bool]:
    """Return the condition that a worker that sends heartbeats has a job in hand.

    Signs from the future, by a clock that was set back, say nothing.
    """
    margin = timedelta(seconds=seconds)
    return (
        select(_worker.c.id)
        .where(
            _worker.c.id == _job.c.worker_id,
            _worker.c.last_heartbeat.between(func.now() - margin, func.now() + margin),
        )
        .exists()
    )


def _is_about(task: str, argument: str, value: int) -> ColumnElement[bool]:
    return (_job.c.task_name == task) & (_job.c.args[argument].astext == str(value))


def _is(job: Held) -> ColumnElement[bool]:
    # A worker that was silent for long is forgotten, and then nobody has the job.
    worker = func.coalesce(_job.c.worker_id, job.worker)
    return (_job.c.id == job.id) & (worker == job.worker) & (_job.c.attempts == job.attempts)


def rescue_stalled(
    session: Session, *, mine: Iterable[Held] = (), seconds: float = STALLED_SECONDS
) -> list[int]:
    """Put the jobs of workers that are gone or silent back on the queue.

    Not those that are `mine`: whoever asks is there, however late its own heartbeat is, as after
    the machine slept.

    Return the ids of the ingest jobs among them. Several workers may do so at once: each job is put
    back by one of them. After the server's clock was set back, heartbeats and tries lie in a
    future that nobody should wait for.
    """
    session.execute(
        text(
            "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' "
            "AND queue_name = :queue AND scheduled_at > now() + make_interval(secs => :seconds)"
        ),
        {"queue": QUEUE, "seconds": LONGEST_PAUSE_SECONDS},
    )
    ours = or_(_job.c.queue_name == QUEUE, _job.c.task_name.in_((PROBE, TRAIN)))
    others = [~_is(job) for job in mine]
    return _put_back(session, _in_hand().where(ours, ~_is_held(seconds), *others))


def put_back(session: Session, *, jobs: Iterable[Held]) -> list[int]:
    """Put jobs back on the queue whose worker is done with them but could not say so.

    Return the ids of the ingest jobs among them. Those that it did say so of, and those that
    somebody has put back already, are left alone.
    """
    found: list[int] = []
    for job in jobs:
        found += _put_back(session, _in_hand().where(_is(job)))
    return found


def _in_hand() -> Select[Any]:
    return (
        select(_job.c.id, _job.c.task_name, _job.c.args)
        .where(_job.c.status == _DOING)
        .with_for_update(of=_job, skip_locked=True)
    )


def _put_back(session: Session, query: Select[Any]) -> list[int]:
    found: Sequence[Row[Any]] = session.execute(query).all()
    again = "SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)"
    # A probe is of one worker alone.
    over = "SELECT procrastinate_finish_job_v1(:id, 'failed', true)"
    for job in found:
        session.execute(text(over if job.task_name == PROBE else again), {"id": job.id})
    return [int(job.args["job_id"]) for job in found if job.task_name == INGEST]


def is_held(session: Session, *, task: str, argument: str, value: int) -> bool:
    """Return whether a worker that sends heartbeats has a job with this argument in hand."""
    doing = _job.c.status == _DOING
    query = select(_job.c.id).where(_is_about(task, argument, value), doing, _is_held())
    return session.execute(query).first() is not None


def forget(session: Session, *, task: str, argument: str, value: int) -> None:
    """Take the jobs with this argument off the queue that no living worker has in hand."""
    open_ = _job.c.status.in_((_TODO, _DOING))
    held = (_job.c.status == _DOING) & _is_held()
    session.execute(delete(_job).where(_is_about(task, argument, value), open_, ~held))


def probe_states(session: Session, *, probes: Iterable[int]) -> dict[int, str]:
    """Return the queue's word for what became of probes: todo, doing, succeeded, failed."""
    rows = session.execute(
        select(_job.c.id, cast(_job.c.status, String)).where(_job.c.id.in_(list(probes)))
    )
    return {probe: state for probe, state in rows}


def waits_for_probe(session: Session, *, worker_id: int) -> bool:
    """Return whether a probe lies on a worker's queue that it has not taken."""
    query = select(_job.c.id).where(
        _job.c.queue_name == worker_queue(worker_id),
        _job.c.task_name == PROBE,
        _job.c.status == _TODO,
    )
    return session.execute(query).first() is not None


def clear_probes(
    session: Session, *, seconds: float = 0.0, probes: Iterable[int] | None = None
) -> None:
    """Delete probes that were asked for so long ago (or these alone), but for those in hand."""
    asked = select(func.min(_event.c.at)).where(_event.c.job_id == _job.c.id).scalar_subquery()
    query = delete(_job).where(
        _job.c.task_name == PROBE,
        _job.c.status != _DOING,
        asked <= func.now() - timedelta(seconds=seconds),
    )
    if probes is not None:
        query = query.where(_job.c.id.in_(list(probes)))
    session.execute(query)


def forget_ended(session: Session) -> int:
    """Delete what the queue has ended for KEPT_DAYS, and return how much; ingest jobs stay.

    Evaluations and probes come many to a run: nothing else ever takes them away.
    """
    last = select(func.max(_event.c.at)).where(_event.c.job_id == _job.c.id).scalar_subquery()
    query = delete(_job).where(
        _job.c.status.not_in((_TODO, _DOING)), last < func.now() - timedelta(days=KEPT_DAYS)
    )
    return len(session.execute(query.returning(_job.c.id)).all())
