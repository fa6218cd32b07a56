"""Whether a run, snapshot, layer or class exists; asked only where a look-up found nothing."""

from typing import LiteralString

from sqlalchemy.orm import Session

from db.errors import NotFound
from db.raw import Row, fetch


def require_run(session: Session, *, run_id: int) -> None:
    """Raise NotFound where there is no such run."""
    if not fetch(session, "SELECT 1 FROM run WHERE id = %(run)s", {"run": run_id}):
        raise NotFound("run", run_id)


def rows_of_run(session: Session, statement: LiteralString, *, run_id: int) -> list[Row]:
    """Return what a statement about `%(run)s` finds; NotFound where that is nothing, and there is
    no such run.
    """
    rows = fetch(session, statement, {"run": run_id})
    if not rows:
        require_run(session, run_id=run_id)
    return rows


def require_layer(session: Session, *, run_id: int, layer_id: int) -> int:
    """Return the number of filters of a layer; NotFound where the run or the layer is unknown."""
    rows = fetch(
        session,
        "SELECT filters FROM layer WHERE run_id = %(run)s AND layer_id = %(layer)s",
        {"run": run_id, "layer": layer_id},
    )
    if not rows:
        require_run(session, run_id=run_id)
        raise NotFound("layer", f"{layer_id} in run {run_id}")
    return int(rows[0][0])


def require_class(session: Session, *, run_id: int, class_id: int) -> None:
    """Raise NotFound where the run is unknown or has no such class."""
    rows = fetch(
        session,
        "SELECT 1 FROM class WHERE run_id = %(run)s AND class_id = %(class)s",
        {"run": run_id, "class": class_id},
    )
    if not rows:
        require_run(session, run_id=run_id)
        raise NotFound("class", f"{class_id} in run {run_id}")


def require_snapshot(session: Session, *, run_id: int, iteration: int) -> None:
    """Raise NotFound where the run is unknown or has no snapshot at the iteration."""
    rows = fetch(
        session,
        "SELECT 1 FROM snapshot WHERE run_id = %(run)s AND iteration = %(iteration)s",
        {"run": run_id, "iteration": iteration},
    )
    if not rows:
        require_run(session, run_id=run_id)
        raise NotFound("snapshot", f"at iteration {iteration} of run {run_id}")
