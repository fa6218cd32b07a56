"""The batch ledger: which training images made the steps around jumps of the loss."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.models import batch_ledger
from db.queries.runs.existence import require_run
from deeptracker.format import Ledger

_COLUMNS = tuple(f.name for f in fields(Ledger) if f.name in batch_ledger.c)


def ledgers(session: Session, *, run_id: int) -> Sequence[Ledger]:
    """Return all that a run has, rising by iteration: at most 64, a few megabytes."""
    found = session.execute(
        select(*(batch_ledger.c[name] for name in _COLUMNS))
        .where(batch_ledger.c.run_id == run_id)
        .order_by(batch_ledger.c.iteration)
    ).all()
    if not found:
        require_run(session, run_id=run_id)
    return [Ledger(**row._mapping) for row in found]


def ledger(session: Session, *, run_id: int, iteration: int) -> Ledger:
    """Return that of an iteration; NotFound also where the run has none there."""
    row = None
    if iteration < 2**31:
        row = session.execute(
            select(*(batch_ledger.c[name] for name in _COLUMNS)).where(
                batch_ledger.c.run_id == run_id, batch_ledger.c.iteration == iteration
            )
        ).one_or_none()
    if row is None:
        require_run(session, run_id=run_id)
        raise NotFound("batch ledger", f"at iteration {iteration} of run {run_id}")
    return Ledger(**row._mapping)
