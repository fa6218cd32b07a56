"""What is done about a run once it is loaded, in the process that loaded it."""

import logging

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.large_runs import is_prepared
from db.queries.runs.runs import get_run

logger = logging.getLogger(__name__)


def after_load(engine: Engine, run_id: int) -> None:
    """Make the answers that the pages of a run ask for first; see app/preparing.py.

    What fails is left to who asks for it: the run is loaded.
    """
    try:
        with Session(engine) as session:
            run = get_run(session, run_id=run_id)
        if is_prepared(run):
            # Modules that those who load small runs do without.
            from app.preparing import prepare

            prepare(engine, run)
    except Exception:
        logger.exception("the answers about run %s were not prepared", run_id)
