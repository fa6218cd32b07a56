"""Answers about large runs that are kept in the store: nobody waits for one that was made before.

What the pages of a run ask for first takes seconds of ten thousand classes. It is made at the end
of the load (app/preparing.py), or by the first who asks after an upgrade of the application, and
kept as it is sent: for the other web processes, and for those that start later. Of smaller runs
nothing is kept, nor of what is asked with other arguments: that is worked out where it is asked.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.large_runs import is_large
from app.versions import version_token
from db.engine import session_scope
from db.queries.runs import structure
from db.queries.runs.prepared_answers import find_answer, save_answer
from db.queries.runs.runs import RunRow, get_run
from ingest.analysis.anomalies import default_threshold, default_window

logger = logging.getLogger(__name__)

_WINDOW = "k={k}&m={m}&share=false&direction=both"
_GRID = f"{_WINDOW}&top=50&quantity=relative_change"
# By route: the arguments with which a page asks that nobody has changed anything on.
FIRST: Final[Mapping[str, str]] = MappingProxyType(
    {
        "class-error": "",
        "series": "",
        "anomalies": _WINDOW,
        "groups": "clusters=4",
        "forgetting": "list=forgotten",
        "cube-order": "order=similarity",
        "correlation": _GRID,
        "correlation-detail": _GRID,
        "confusion": "at=&against=&pins=&order=data",
        "layer-magnitudes": "magnitude=ratio",
        "layer-settle": "limit=0.001&of=value",
    }
)


@dataclass(frozen=True)
class Place:
    """Under what an answer is kept: see db.models.answers."""

    run_id: int
    token: str
    asked: str


def first_arguments(session: Session, run: RunRow) -> dict[str, Arguments]:
    """Return FIRST of a run, by route."""
    sizes = structure.classes(session, run_id=run.id).image_count
    window = {"k": default_window(run.snapshot_count), "m": default_threshold(sizes)}
    return {
        name: Arguments(dict(parse_qsl(template.format(**window), keep_blank_values=True)))
        for name, template in FIRST.items()
    }


def find_prepared(
    session: Session, *, run_id: int, name: str, arguments: Arguments
) -> tuple[bytes | None, Place | None]:
    """Return the answer that is kept in the store, if any; else where it is to be kept, if at all.

    The session sees the run as the answer is to be about it.
    """
    run = get_run(session, run_id=run_id) if name in FIRST else None
    if run is None or not is_large(run):
        return None, None
    if first_arguments(session, run)[name].key() != arguments.key():
        return None, None
    place = Place(run_id, version_token(run.this_version), f"{name} {arguments.key()}")
    found = find_answer(session, run_id=run_id, asked=place.asked, token=place.token)
    return found, place if found is None else None


def keep(engine: Engine, place: Place, data: bytes) -> None:
    """Keep an answer; whoever asked has theirs in any case."""
    try:
        with session_scope(engine) as session:
            save_answer(
                session, run_id=place.run_id, token=place.token, asked=place.asked, data=data
            )
    except SQLAlchemyError as error:
        # A store that takes nothing at present, or the run has just been deleted.
        logger.warning("an answer about run %s is not kept: %s", place.run_id, error)
