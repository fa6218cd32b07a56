"""Trainings as people see them; training_requests.py starts and stops them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from db import queue
from db.errors import NotFound
from db.models import Account, IngestJob, Run, Training
from db.queries.runs.run_names import RUN_NAME
from db.training_scripts import Value

OPEN_STATES = ("queued", "running")
MAX_SEARCH = 200


@dataclass(frozen=True)
class TrainingRow:
    """One training; `run_id` is the run that it records, as soon as some of it is loaded.

    `position` is the place of one that waits among those that wait (1 is the next). One that is
    `lost` has no worker that watches over it. `exit_status` is negative for a signal.
    """

    id: int
    script: str
    arguments: dict[str, Value]
    state: str
    message: str
    exit_status: int | None
    stop_requested: bool
    batch_id: int | None
    parent_run_id: int | None
    parent_iteration: int | None
    requested_by: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    worker: str | None
    place: str | None
    run_dir: str | None
    job_id: int | None
    run_id: int | None = None
    run_name: str | None = None
    parent_run_name: str | None = None
    requested_by_name: str | None = None
    position: int | None = None

    @property
    def open(self) -> bool:
        """Return whether it is not over; a lost one is open while its process may still live."""
        return self.finished_at is None


def is_open() -> ColumnElement[bool]:
    """Return the condition that a training is not over."""
    return Training.finished_at.is_(None)


_Parent = aliased(Run)


def _rows() -> Select[Any]:
    columns = [
        getattr(Training, name)
        for name in TrainingRow.__dataclass_fields__
        if name in Training.__mapper__.columns
    ]
    return (
        select(
            *columns,
            IngestJob.run_id,
            RUN_NAME.label("run_name"),
            func.coalesce(_Parent.title, _Parent.name).label("parent_run_name"),
            Account.name.label("requested_by_name"),
        )
        .outerjoin(IngestJob, IngestJob.id == Training.job_id)
        .outerjoin(Run, and_(Run.id == IngestJob.run_id, Run.trashed_at.is_(None)))
        .outerjoin(
            _Parent, and_(_Parent.id == Training.parent_run_id, _Parent.trashed_at.is_(None))
        )
        .outerjoin(Account, Account.id == Training.requested_by)
    )


def list_trainings(
    session: Session,
    *,
    limit: int = 200,
    offset: int = 0,
    states: Sequence[str] = (),
    search: str = "",
) -> list[TrainingRow]:
    """Return trainings, the newest first, at most `limit` after the first `offset`.

    `states` and `search` leave only those in one of these states, with every word of the search in
    script, message, run, person or arguments.
    """
    query = _filtered(_rows(), states, search).order_by(Training.id.desc())
    rows = [_read(row) for row in session.execute(query.limit(limit).offset(offset))]
    return _placed(session, rows)


def count_trainings(session: Session, *, states: Sequence[str] = (), search: str = "") -> int:
    """Return how many trainings list_trainings would find without a limit."""
    query = _filtered(_rows(), states, search).subquery()
    return session.scalars(select(func.count()).select_from(query)).one()


def _filtered(query: Select[Any], states: Sequence[str], search: str) -> Select[Any]:
    if states:
        query = query.where(Training.state.in_(states))
    texts = (
        Training.script,
        Training.message,
        cast(Training.arguments, Text),
        RUN_NAME,
        Account.name,
    )
    for word in search[:MAX_SEARCH].replace("\0", " ").split()[:8]:
        try:
            word.encode()
        except UnicodeEncodeError:
            continue
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in texts)))
    return query


def get_training(session: Session, *, training_id: int) -> TrainingRow:
    """Return one training; NotFound."""
    row = session.execute(_rows().where(Training.id == training_id)).one_or_none()
    if row is None:
        raise NotFound("training", training_id)
    return _placed(session, [_read(row)])[0]


def output(session: Session, *, training_id: int) -> str:
    """Return the end of what a training printed."""
    query = select(Training.output).where(Training.id == training_id)
    return session.scalars(query).one_or_none() or ""


def of_run(session: Session, *, run_id: int) -> TrainingRow | None:
    """Return the training that recorded a run, None for a run that came another way."""
    query = _rows().where(IngestJob.run_id == run_id).order_by(Training.id.desc()).limit(1)
    row = session.execute(query).one_or_none()
    return None if row is None else _read(row)


def forks_of(session: Session, *, run_id: int, limit: int = 20) -> list[TrainingRow]:
    """Return the trainings that went on from a checkpoint of a run, the newest first."""
    query = _rows().where(Training.parent_run_id == run_id).order_by(Training.id.desc())
    return [_read(row) for row in session.execute(query.limit(limit))]


def of_batch(session: Session, *, batch_id: int) -> list[TrainingRow]:
    """Return the trainings that were asked for together, the first one first."""
    query = _rows().where(Training.batch_id == batch_id).order_by(Training.id)
    return [_read(row) for row in session.execute(query)]


def _read(row: Any) -> TrainingRow:
    return TrainingRow(**row._mapping)


def _placed(session: Session, rows: list[TrainingRow]) -> list[TrainingRow]:
    if not any(row.state == "queued" for row in rows):
        return rows
    places = queue.waiting_trainings(session)
    return [
        replace(row, position=places.get(row.id)) if row.state == "queued" else row for row in rows
    ]
