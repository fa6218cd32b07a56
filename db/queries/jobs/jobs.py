"""Ingest jobs as people see them; job_requests.py asks for them and cancels them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from db import queue
from db.errors import NotFound
from db.models import Account, IngestJob, IngestJobLine, Run
from db.models.jobs import JOB_STATES
from db.queries.jobs import job_ends
from db.queries.runs.run_names import RUN_NAME

OPEN_STATES = ("queued", "running")
MAX_SEARCH = 200
MAX_WORDS = 8
# What jobs can be sorted by; the newest first among equals.
ORDERS = MappingProxyType(
    {
        "state": IngestJob.state,
        "log": func.lower(func.coalesce(RUN_NAME, IngestJob.location)).collate("C"),
        "mode": IngestJob.mode,
        "snapshots": IngestJob.done,
        "speed": IngestJob.rate,
        "requested": IngestJob.id,
    }
)


@dataclass(frozen=True)
class JobRow:
    """One ingest job. `done` of `total` snapshots; `rate` in snapshots a second.

    `error` is safe to show and `error_file` is what it is about; a job may have succeeded and have
    one, where some snapshots could not be used. `position` is the place of a queued job among those
    that wait (1 is the next), `worker` who runs or ran it.
    A job with `awaited_since` is queued, but waits for its log to appear. `title` is what the run
    is to be called, None: as its log says. `silent_since` is the
    last heartbeat of a running job whose worker is gone (not `worker_alive`), or which hangs.
    """

    id: int
    run_id: int | None
    run_name: str | None
    location: str
    mode: str
    state: str
    done: int
    total: int | None
    rate: float | None
    remaining_seconds: float | None
    message: str
    error: str | None
    error_file: str | None
    requested_by: int | None
    requested_by_name: str | None
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool
    attempts: int
    schedule_id: int | None
    watch_id: int | None
    worker: str | None
    awaited_since: datetime | None
    title: str | None = None
    position: int | None = None
    silent_since: datetime | None = None
    worker_alive: bool = True


@dataclass(frozen=True)
class JobLine:
    """One line of a job's log."""

    id: int
    at: datetime
    text: str


def _rows() -> Select[Any]:
    columns = [
        getattr(IngestJob, name)
        for name in JobRow.__dataclass_fields__
        if name in IngestJob.__mapper__.columns
    ]
    return (
        select(*columns, RUN_NAME.label("run_name"), Account.name.label("requested_by_name"))
        .outerjoin(Run, Run.id == IngestJob.run_id)
        .outerjoin(Account, Account.id == IngestJob.requested_by)
    )


def list_jobs(
    session: Session,
    *,
    limit: int = 200,
    offset: int = 0,
    run_id: int | None = None,
    states: Sequence[str] = (),
    search: str = "",
    order: str = "requested",
    descending: bool = True,
) -> list[JobRow]:
    """Return jobs by one of ORDERS, the newest first; at most `limit` after the first `offset`.

    `run_id`, `states` and `search` leave only those of one run, in one of these states, with every
    word of the search in location, run, person, message or error.
    """
    query = _filtered(_rows(), run_id, states, search)
    by = ORDERS[order].desc() if descending else ORDERS[order].asc()
    query = query.order_by(by.nulls_last(), IngestJob.id.desc()).limit(limit).offset(offset)
    rows = [JobRow(**row._mapping) for row in session.execute(query)]
    return _watched(session, _placed(session, rows))


def count_jobs(
    session: Session, *, run_id: int | None = None, states: Sequence[str] = (), search: str = ""
) -> int:
    """Return how many jobs list_jobs would find without a limit."""
    query = _filtered(_rows(), run_id, states, search).subquery()
    return session.scalars(select(func.count()).select_from(query)).one()


def _filtered(
    query: Select[Any], run_id: int | None, states: Sequence[str], search: str
) -> Select[Any]:
    if run_id is not None:
        query = query.where(IngestJob.run_id == run_id)
    if wanted := [state for state in states if state in JOB_STATES]:
        query = query.where(IngestJob.state.in_(wanted))
    texts = (IngestJob.location, IngestJob.message, IngestJob.error, RUN_NAME, Account.name)
    for word in search[:MAX_SEARCH].replace("\0", " ").split()[:MAX_WORDS]:
        try:
            word.encode()
        except UnicodeEncodeError:
            continue
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in texts)))
    return query


def _placed(session: Session, rows: list[JobRow]) -> list[JobRow]:
    """Add the place in the queue to those that wait."""
    if not any(row.state == "queued" for row in rows):
        return rows
    places = queue.waiting(session, task=queue.INGEST, argument="job_id")
    return [
        replace(row, position=places.get(row.id)) if row.state == "queued" else row for row in rows
    ]


def _watched(session: Session, rows: list[JobRow]) -> list[JobRow]:
    """Add to running jobs whether their worker is gone."""
    running = [row for row in rows if row.state == "running"]
    if not running:
        return rows
    signs = job_ends.signs(session, job_ids=[row.id for row in running])
    return [replace(row, **signs.get(row.id, {})) for row in rows]


def get_job(session: Session, *, job_id: int) -> JobRow:
    """Return one job; NotFound where there is none."""
    row = session.execute(_rows().where(IngestJob.id == job_id)).one_or_none()
    if row is None:
        raise NotFound("ingest job", job_id)
    return _watched(session, _placed(session, [JobRow(**row._mapping)]))[0]


def lines(session: Session, *, job_id: int, after: int = 0, limit: int = 500) -> list[JobLine]:
    """Return the last `limit` log lines of a job after the line `after`, oldest first."""
    query = (
        select(IngestJobLine.id, IngestJobLine.at, IngestJobLine.text)
        .where(IngestJobLine.job_id == job_id, IngestJobLine.id > after)
        .order_by(IngestJobLine.id.desc())
        .limit(limit)
    )
    return [JobLine(*row) for row in reversed(session.execute(query).all())]
