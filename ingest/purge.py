"""Delete a run for good, while nobody loads it."""

import logging

from sqlalchemy import Engine

from db.engine import session_scope
from db.errors import NotFound
from db.load import batch, sole_loader
from db.partitions import vacuum_after_purge
from db.queries.runs import run_upkeep, runs

logger = logging.getLogger(__name__)


def purge_run(engine: Engine, *, run_id: int) -> bool:
    """Delete a run that is in the trash; return whether it was there.

    RunBusy where it is being loaded, or read for long: try again later. Nothing is half deleted.
    """
    try:
        with session_scope(engine) as session:
            run = runs.get_run(session, run_id=run_id, trashed=True)
        with sole_loader(engine, run=run.uuid.hex) as connection, batch(connection) as session:
            run_upkeep.purge(session, run_id=run_id)
    except NotFound:
        return False  # restored, or deleted by another worker
    vacuum_after_purge(engine)
    logger.info("run %s was deleted for good", run_id)
    return True
