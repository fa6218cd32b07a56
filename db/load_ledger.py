"""The batch ledger of a run as rows: idempotent, and without what a resume has replaced."""

from collections.abc import Sequence

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.load_run import next_version
from db.models import Run, batch_ledger
from deeptracker.format import Ledger

_COLUMNS = tuple(c.name for c in batch_ledger.c if c.name not in ("run_id", "iteration"))


def save_ledger(session: Session, *, run_id: int, ledger: Ledger) -> None:
    """Store a ledger in place of that of the same iteration; nothing changes where it is there."""
    at = select(batch_ledger.c.recorded_at).where(
        batch_ledger.c.run_id == run_id, batch_ledger.c.iteration == ledger.iteration
    )
    # Each file is written with the time of then: the same time, the same file.
    if session.scalar(at) == ledger.recorded_at:
        return
    values = {name: getattr(ledger, name) for name in _COLUMNS}
    session.execute(
        upsert(batch_ledger)
        .values(run_id=run_id, iteration=ledger.iteration, **values)
        .on_conflict_do_update(index_elements=["run_id", "iteration"], set_=values)
    )
    session.execute(update(Run).where(Run.id == run_id).values(next_version()))


def drop_abandoned_ledgers(
    session: Session, *, run_id: int, seams: Sequence[tuple[int, float]]
) -> None:
    """Delete what later generations of the run replaced; seams as of db.load.abandoned."""
    gone = [
        and_(batch_ledger.c.iteration > start, batch_ledger.c.recorded_at < began)
        for start, began in seams
    ]
    session.execute(delete(batch_ledger).where(batch_ledger.c.run_id == run_id, or_(*gone)))
