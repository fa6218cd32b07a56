"""One look at a place, for somebody who may want to load what lies there."""

import logging
from collections.abc import Sequence

from sqlalchemy import Engine

from db.away import is_away
from db.engine import session_scope
from db.queries.jobs import looks
from deeptracker.errors import DeepTrackerError
from ingest.locations import Place, resolve_location
from ingest.sources.recognised import recognise

logger = logging.getLogger(__name__)


def answer_look(engine: Engine, *, look_id: int, roots: Sequence[Place]) -> None:
    """Answer a look; nothing happens where it was answered, or is forgotten.

    Raises errors of the database (db.away), where it should be tried again; every other error is
    the answer.
    """
    with session_scope(engine) as session:
        location = looks.location_of(session, look_id=look_id)
    if location is None:
        return
    found, error = None, None
    try:
        place = resolve_location(location, roots=roots)
        found = recognise(place, roots=roots).document()
    except DeepTrackerError as problem:
        error = str(problem)
    except Exception as problem:
        if is_away(problem):
            raise
        # Its text might show what a user must not see; the worker's log has it.
        logger.exception("look %s failed", look_id)
        error = f"Unexpected {type(problem).__name__}; the worker's log has more (look {look_id})."
    with session_scope(engine) as session:
        looks.answer(session, look_id=look_id, found=found, error=error)
