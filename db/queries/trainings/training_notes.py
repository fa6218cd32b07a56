"""What a worker notes down about a training: taken, alive, what it printed, how it ended."""

from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from db import queue
from db.models import IngestJob, Training
from db.queries.jobs import job_ends, job_requests
from db.queries.trainings.trainings import TrainingRow, get_training, is_open

# The end of what a training printed that is kept here; the worker's file has more.
MAX_OUTPUT = 32_000
MAX_MESSAGE = 1_000
# A running training of which no worker has said anything for so long is lost.
LOST_SECONDS = 15.0


def claim(
    session: Session, *, training_id: int, queue_job: int, worker: str, place: str
) -> TrainingRow | None:
    """Mark a training as this worker's; None where it is over, or gone.

    From now on its task stands on the queue of the place that has its process: whatever happens to
    this worker, only one of the same place can take it up again.
    """
    claimed = session.execute(
        update(Training)
        .where(
            Training.id == training_id,
            is_open(),
            (Training.place.is_(None)) | (Training.place == place),
        )
        .values(
            state="running",
            worker=worker,
            place=place,
            message="",
            heartbeat_at=func.now(),
            started_at=func.coalesce(Training.started_at, func.now()),
        )
        .returning(Training.id)
    )
    if claimed.one_or_none() is None:
        return None
    queue.keep_training_at(session, queue_job=queue_job, place=place)
    return get_training(session, training_id=training_id)


def follow(session: Session, *, training_id: int, run_dir: str) -> int:
    """Note where a training records, and ask for an ingest job that follows it; return its id."""
    training = get_training(session, training_id=training_id)
    if training.job_id is not None:
        return training.job_id
    job_id = job_requests.request(
        session, location=run_dir, mode="follow", requested_by=training.requested_by
    )
    _write(session, training_id, run_dir=run_dir, job_id=job_id)
    return job_id


def beat(session: Session, *, training_id: int, worker: str, output: str | None = None) -> bool:
    """Note that a training lives, and what it printed; return whether it should stop."""
    values: dict[str, Any] = {} if output is None else {"output": _plain(output)[-MAX_OUTPUT:]}
    wanted = session.scalars(
        update(Training)
        .where(Training.id == training_id, is_open())
        .values(
            state="running",
            # What was said of a lost one is over.
            message=case((Training.state == "lost", ""), else_=Training.message),
            worker=worker,
            heartbeat_at=func.now(),
            **values,
        )
        .returning(Training.stop_requested)
    ).one_or_none()
    return wanted is None or wanted


def say(session: Session, *, training_id: int, message: str) -> None:
    """Write what an open training does at the moment."""
    _write(session, training_id, message=message[:MAX_MESSAGE])


def finish(
    session: Session,
    *,
    training_id: int,
    state: str,
    message: str,
    exit_status: int | None = None,
    output: str | None = None,
    recorded: bool = False,
) -> None:
    """Close a training that is open.

    Where it has not `recorded` anything, the ingest job that waits for its log, or is about to look
    for it, ends as well.
    """
    values: dict[str, Any] = {} if output is None else {"output": _plain(output)[-MAX_OUTPUT:]}
    job_id = session.scalars(
        update(Training)
        .where(Training.id == training_id, is_open())
        .values(
            state=state,
            message=_plain(message)[:MAX_MESSAGE],
            exit_status=exit_status,
            finished_at=func.now(),
            **values,
        )
        .returning(Training.job_id)
    ).one_or_none()
    if job_id is not None and not recorded:
        _end_following(session, job_id)


def _end_following(session: Session, job_id: int) -> None:
    waits = select(IngestJob.id).where(IngestJob.id == job_id, IngestJob.run_id.is_(None))
    if session.scalars(waits).one_or_none() is not None:
        job_ends.cancel(session, job_id=job_id)


def mark_lost(session: Session) -> list[int]:
    """Mark running trainings as lost that no worker watches over; return their ids."""
    silent = Training.heartbeat_at < func.now() - timedelta(seconds=LOST_SECONDS)
    lost = session.scalars(
        update(Training)
        .where(Training.state == "running", silent)
        .values(
            state="lost",
            message=func.concat(
                "Its worker (",
                func.coalesce(Training.worker, "unknown"),
                ") is gone. Whether it still trains there is not known; a worker that is started "
                "on that host takes it up again.",
            ),
        )
        .returning(Training.id)
    )
    return list(lost)


def _write(session: Session, training_id: int, **values: Any) -> None:
    session.execute(update(Training).where(Training.id == training_id).values(**values))


def _plain(text: str) -> str:
    """Return text that PostgreSQL takes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
