"""Trainings asked for, forked and stopped; training_notes.py is the worker's side."""

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import case, func, insert, select, text, update
from sqlalchemy.orm import Session

from db import queue, training_search
from db.errors import Conflict, Forbidden
from db.models import Account, Training, TrainingBatch
from db.permissions import Permission, allows
from db.queries.team import audit
from db.queries.team.rights import require_permission
from db.queries.trainings.scripts import offered
from db.queries.trainings.trainings import TrainingRow, get_training, is_open, of_run
from db.training_scripts import Script, Value, checked

# Whoever has so many open ones waits for some to end.
MOST_OPEN = 200


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
