"""Trainings: started, listed, stopped; training_notes.py is the worker's side."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session, aliased

from db import queue, training_search
from db.errors import Conflict, Forbidden, NotFound
from db.models import Account, IngestJob, Run, Training, TrainingBatch
from db.permissions import Permission, allows
from db.queries.runs.run_names import RUN_NAME
from db.queries.team import audit
from db.queries.team.rights import require_permission
from db.queries.trainings.scripts import offered
from db.training_scripts import Script, Value, checked

OPEN_STATES = ("queued", "running")
# Whoever has so many open ones waits for some to end.
MOST_OPEN = 200
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


def start(session: Session, *, script: str, given: Mapping[str, object], by: int) -> int:
    """Ask for one training; return its id. Forbidden, NotFound, Conflict."""
    found = _may_start(session, script, by, number=1)
    values = checked(found.given, given)
    return _request(session, found, values, by=by)


def start_batch(
    session: Session,
    *,
    script: str,
    search: str,
    given: Mapping[str, Any],
    budget: int,
    by: int,
) -> tuple[int, list[int]]:
    """Ask for a grid or a random search (db.training_search); return the batch and its trainings.

    Forbidden, NotFound, Conflict.
    """
    found = _may_start(session, script, by, number=budget)
    seed = None
    if search == "grid":
        combinations = training_search.grid(found.given, given, budget=budget)
    elif search == "random":
        seed = secrets.randbelow(2**31)
        combinations = training_search.draw(found.given, given, budget=budget, seed=seed)
    else:
        raise Conflict("The search must be grid or random.")
    batch_id = session.scalars(
        insert(TrainingBatch)
        .values(search=search, budget=budget, seed=seed)
        .returning(TrainingBatch.id)
    ).one()
    return batch_id, [
        _request(session, found, values, by=by, batch_id=batch_id) for values in combinations
    ]


def _may_start(session: Session, script: str, by: int, *, number: int) -> Script:
    require_permission(session, Permission.START_TRAININGS, account_id=by)
    found = offered(session, script=script)
    # Two tabs of one person do not pass the limit together.
    session.execute(text("SELECT pg_advisory_xact_lock(5, :by)"), {"by": by})
    waiting = select(func.count()).where(Training.requested_by == by, is_open())
    if session.scalars(waiting).one() + number > MOST_OPEN:
        raise Conflict(f"You would have more than {MOST_OPEN} open trainings; let some end first.")
    return found


def require_starter(session: Session, training: TrainingRow) -> None:
    """Raise Forbidden where whoever asked for a training may start none by now."""
    if training.requested_by is None:
        raise Forbidden("The account that asked for it is gone.")
    require_permission(session, Permission.START_TRAININGS, account_id=training.requested_by)


def _request(
    session: Session,
    script: Script,
    arguments: Mapping[str, Value],
    *,
    by: int,
    on: str | None = None,
    **values: Any,
) -> int:
    """Write a training and put it on the queue of its script, or on that of a place (`on`)."""
    training_id = session.scalars(
        insert(Training)
        .values(script=script.id, arguments=dict(arguments), requested_by=by, **values)
        .returning(Training.id)
    ).one()
    queue.defer_training(session, training_id=training_id, on=on or queue.script_queue(script.id))
    told = " ".join(f"{name}={value}" for name, value in arguments.items())
    audit.record(
        session,
        actor_id=by,
        action="started training",
        target=f"training {training_id} of {script.id}",
        detail=told,
    )
    return training_id


def stop(session: Session, *, training_id: int, by: int) -> TrainingRow:
    """Ask a training to end: one that waits at once, else its process is interrupted.

    One that is over stays as it is. NotFound; Forbidden where it is another person's.
    """
    row = get_training(session, training_id=training_id)
    require_permission(session, Permission.START_TRAININGS, account_id=by)
    if row.requested_by != by and not allows(_role(session, by), Permission.MANAGE_TRAININGS):
        raise Forbidden(
            f"Training {training_id} belongs to somebody else; its owner or an administrator may."
        )
    session.execute(
        update(Training).where(Training.id == training_id, is_open()).values(stop_requested=True)
    )
    began = session.scalars(
        update(Training)
        .where(Training.id == training_id, is_open(), Training.state.in_(("queued", "lost")))
        .values(
            state="stopped",
            message=case(
                (Training.state == "queued", "Stopped before it began."),
                else_="Stopped while its worker was gone; the next worker on that host ends "
                "its process.",
            ),
            finished_at=func.now(),
        )
        .returning(Training.started_at.is_not(None))
    ).one_or_none()
    if began is False:  # else its task is how a worker learns of it
        queue.withdraw_training(session, training_id=training_id)
    if row.open:
        audit.record(
            session,
            actor_id=by,
            action="stopped training",
            target=f"training {training_id} of {row.script}",
        )
    return get_training(session, training_id=training_id)


def _role(session: Session, account_id: int) -> str:
    query = select(Account.role).where(Account.id == account_id, Account.active)
    return session.scalars(query).one_or_none() or ""


def fork(
    session: Session, *, run_id: int, iteration: int, given: Mapping[str, object], by: int
) -> int:
    """Ask for a training that goes on from a run's last checkpoint before an iteration.

    Its arguments are those of the training that recorded the run, but for those `given`. NotFound;
    Forbidden; Conflict where the run is of no training, or its script takes no checkpoint. Whether
    there is a checkpoint, the worker says.
    """
    parent = of_run(session, run_id=run_id)
    if parent is None or parent.place is None:
        raise Conflict("This run was not recorded by a training that was started here.")
    found = _may_start(session, parent.script, by, number=1)
    if found.checkpoint is None:
        raise Conflict(f"The training script {found.name} takes no checkpoint to go on from.")
    if not 1 <= iteration < 2**31:
        raise Conflict("The iteration must be a whole number from 1.")
    known = {one.name for one in found.given}
    kept = {name: value for name, value in parent.arguments.items() if name in known}
    return _request(
        session,
        found,
        checked(found.given, {**kept, **given}),
        by=by,
        # Where the checkpoints are.
        on=queue.place_queue(parent.place),
        parent_run_id=run_id,
        parent_iteration=iteration,
    )
