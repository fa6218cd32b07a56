"""At the start of a web process: connections to the database that its first pages find open, and
the report's template.

A page and the first answers about its run are asked for at once, each over a connection of its own.
For a new one the server starts a process, which has to read of its catalogue what it needs, and
SQLAlchemy writes each statement once: together that takes longer than the answers.
"""

import logging
import threading
from contextlib import ExitStack

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.components.verdict import verdicts
from app.export.report.page import template
from app.prepared import find_prepared, first_arguments
from db.engine import read_scope
from db.queries.runs.runs import list_runs, run_manifest
from deeptracker.errors import DeepTrackerError

logger = logging.getLogger(__name__)

# A page and the answers that its tab asks for.
CONNECTIONS = 4


def start_warming(engine: Engine) -> threading.Thread:
    """Open the connections in a thread of its own, which is returned: nobody waits for it."""
    thread = threading.Thread(target=_warm, args=(engine,), name="first connections", daemon=True)
    thread.start()
    return thread


def _warm(engine: Engine) -> None:
    try:
        with ExitStack() as all_open:
            for _ in range(CONNECTIONS):
                _read(all_open.enter_context(read_scope(engine)))
    except (SQLAlchemyError, DeepTrackerError) as error:
        # Whoever asks opens what is missing, or is told why that cannot be.
        logger.info("not every first connection to the database is open: %s", error)
    template()


def _read(session: Session) -> None:
    """Ask what the overview of the newest run asks; nothing where there is no run."""
    newest = list_runs(session)[:1]
    for run in newest:
        run_manifest(session, run_id=run.id)
        verdicts(session, newest)
        analysis_of(session, run.id).series_names(session)
        arguments = first_arguments(session, run, ("class-error",))["class-error"]
        find_prepared(session, run_id=run.id, name="class-error", arguments=arguments)
