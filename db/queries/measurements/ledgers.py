"""The batch ledger: which training images made the steps around jumps of the loss."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.queries.runs.existence import require_run
from db.raw import Row, fetch
from deeptracker.format import Ledger

_ALL = (
    "SELECT iteration, reason, recorded_at, step_iteration, step_loss, step_size, "
    "index, loss, usual, label FROM (SELECT *, sum(octet_length(index)) OVER (ORDER BY iteration) "
    "AS so_far FROM batch_ledger WHERE run_id = %(run)s) AS ledger "
    "WHERE so_far <= 33554432 ORDER BY iteration"
)
_ONE = (
    "SELECT iteration, reason, recorded_at, step_iteration, step_loss, step_size, "
    "index, loss, usual, label FROM batch_ledger WHERE run_id = %(run)s AND iteration = %(at)s"
)


def ledgers(session: Session, *, run_id: int) -> Sequence[Ledger]:
    """Return those of a run, rising by iteration: a few megabytes.

    Of what no Recorder has written, more than 80 MiB, the first.
    """
    rows = fetch(session, _ALL, {"run": run_id})
    if not rows:
        require_run(session, run_id=run_id)
    return [_ledger(row) for row in rows]


def ledger(session: Session, *, run_id: int, iteration: int) -> Ledger:
    """Return that of an iteration; NotFound also where the run has none there."""
    rows = fetch(session, _ONE, {"run": run_id, "at": iteration})
    if not rows:
        require_run(session, run_id=run_id)
        raise NotFound("batch ledger", f"at iteration {iteration} of run {run_id}")
    return _ledger(rows[0])


def _ledger(row: Row) -> Ledger:
    return Ledger(
        iteration=row[0],
        reason=row[1],
        recorded_at=row[2],
        step_iteration=np.frombuffer(row[3], "<i8"),
        step_loss=np.frombuffer(row[4], "<f8"),
        step_size=np.frombuffer(row[5], "<i4"),
        index=np.frombuffer(row[6], "<i8"),
        loss=np.frombuffer(row[7], "<f4"),
        usual=np.frombuffer(row[8], "<f4"),
        label=np.frombuffer(row[9], "<i4"),
    )
