"""The way from a run to a fork of it, for those who may start one."""

from dash import get_relative_path
from sqlalchemy.orm import Session

from app.auth.identity import Identity
from db.errors import NotFound
from db.permissions import Permission
from db.queries.trainings import scripts, trainings
from db.queries.trainings.trainings import TrainingRow


def can_be_forked(session: Session, training: TrainingRow | None, identity: Identity) -> bool:
    """Return whether somebody may fork the run of a training: its script is offered, and can."""
    if training is None or not identity.may(Permission.START_TRAININGS):
        return False
    try:
        return scripts.offered(session, script=training.script).checkpoint is not None
    except NotFound:
        return False


def run_can_be_forked(session: Session, run_id: int, identity: Identity) -> bool:
    """Return whether somebody may fork a run; see above."""
    return can_be_forked(session, trainings.of_run(session, run_id=run_id), identity)


def fork_link(run_id: int, iteration: int | None = None) -> str:
    """Return the address of the form that forks a run before an iteration."""
    before = "" if iteration is None else f"&iteration={iteration}"
    return f"{get_relative_path('/trainings')}?fork={run_id}{before}"
