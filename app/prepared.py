"""Answers about runs that are kept in the store: nobody waits for one that was made before.

What the pages of a run ask for first takes seconds of ten thousand classes, and a second in all at
paper scale. It is made at the end of the load (app/preparing.py), or by the first who asks after an
upgrade of the application, and kept as it is sent: for the other web processes, and for those that
start later. Of smaller runs (app/large_runs.py) nothing is kept, nor of what is asked with other
arguments: that is worked out where it is asked. Of a comparison with a large run, what the first
who asks has made is kept with the first run of it, in place of that of the comparison before: a run
is compared with any number of others.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.components.run_course import first_measure
from app.data.layer_pieces import piece_of
from app.large_runs import are_large, is_prepared
from app.versions import joint_token, version_token
from db.engine import session_scope
from db.queries.runs import structure
from db.queries.runs.prepared_answers import (
    find_answer,
    forget_comparisons,
    of_comparison,
    save_answer,
)
from db.queries.runs.runs import RunRow, get_run, get_runs, run_manifest
from deeptracker.format import QUANTITIES
from ingest.analysis.anomalies import default_threshold, default_window

logger = logging.getLogger(__name__)

_WINDOW = "k={k}&m={m}&share=false&direction=both"
_GRID = f"{_WINDOW}&top=50&quantity=relative_change"
# Not before the first picture, but of all that a page of a run asks for what takes longest.
_PIECE = "from=0&to={piece}"
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
        "layer-shapes": f"measure={{measure}}&{_PIECE}",
        # In most windows: app/web/scalars/first.ts.
        "scalar-lines": "pixels=512&names=first",
    }
)

# What is a click away, and takes as long: the shapes of each of what is measured of every layer.
NEXT: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {"layer-shapes": [f"measure={name}&{_PIECE}" for name in QUANTITIES]}
)

_PAIR = "align=iteration&first=0&second=1"
_GROUPS = "group=runs&members=&by=&band=deviation"
# The same of answers about several runs (app/views/compare/routes.py).
FIRST_OF_RUNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "scalar-names": f"align=iteration&{_GROUPS}",
        # In windows of 740 pixels and more: app/web/scalars/first.ts.
        "scalar-lines": f"align=iteration&{_GROUPS}&minus=false&base=&pixels=512&names=first",
        "events": "align=iteration&picked=",
        "classes": _PAIR,
        "images": _PAIR,
        "layers": f"align=iteration&measure=ratio&statistic=std&picked=&{_GROUPS}",
        "change": "cursor=&otherat=same&layer=most",
    }
)


@dataclass(frozen=True)
class Place:
    """Under what an answer is kept: see db.models.answers. `joint` is the token of a comparison."""

    run_id: int
    token: str
    asked: str
    joint: str | None = None


def first_arguments(
    session: Session, run: RunRow, names: Iterable[str] = FIRST
) -> dict[str, Arguments]:
    """Return FIRST of a run, by route: of these routes, for which alone anything is read."""
    templates = {name: FIRST[name] for name in names}
    words = _words(session, run, "".join(templates.values()))
    return {name: _arguments(template, words) for name, template in templates.items()}


def prepared_arguments(
    session: Session, run: RunRow, names: Iterable[str] = FIRST
) -> Iterator[tuple[str, Arguments]]:
    """Yield route and arguments of all that is kept of a run, FIRST and NEXT, each once."""
    for name, first in first_arguments(session, run, names).items():
        yield name, first
        templates = NEXT.get(name, ())
        words = _words(session, run, "".join(templates))
        further = (_arguments(template, words) for template in templates)
        yield from ((name, one) for one in further if one.key() != first.key())


def _arguments(template: str, words: Mapping[str, str | int]) -> Arguments:
    return Arguments(dict(parse_qsl(template.format(**words), keep_blank_values=True)))


def _words(session: Session, run: RunRow, wanted: str) -> dict[str, str | int]:
    """Return what stands in templates of FIRST in place of the names in braces."""
    words: dict[str, str | int] = {"piece": piece_of(run.snapshot_count)}
    if "{k}" in wanted:
        sizes = structure.classes(session, run_id=run.id).image_count
        words |= {"k": default_window(run.snapshot_count), "m": default_threshold(sizes)}
    if "{measure}" in wanted:
        words["measure"] = first_measure(run_manifest(session, run_id=run.id))
    return words


def find_prepared(
    session: Session, *, run_id: int, name: str, arguments: Arguments
) -> tuple[bytes | None, Place | None]:
    """Return the answer that is kept in the store, if any; else where it is to be kept, if at all.

    The session sees the run as the answer is to be about it.
    """
    run = get_run(session, run_id=run_id) if name in FIRST else None
    if run is None or not is_prepared(run):
        return None, None
    kept = (one.key() for _, one in prepared_arguments(session, run, (name,)))
    if arguments.key() not in kept:
        return None, None
    place = Place(run_id, version_token(run.this_version), f"{name} {arguments.key()}")
    found = find_answer(session, run_id=run_id, asked=place.asked, token=place.token)
    return found, place if found is None else None


def find_prepared_of_runs(
    session: Session, *, run_ids: Sequence[int], name: str, arguments: Arguments
) -> tuple[bytes | None, Place | None]:
    """Return the same as `find_prepared` of an answer about several runs."""
    if name not in FIRST_OF_RUNS:
        return None, None
    first = dict(parse_qsl(FIRST_OF_RUNS[name], keep_blank_values=True))
    first["runs"] = ",".join(map(str, run_ids))
    if Arguments(first).key() != arguments.key():
        return None, None
    found = get_runs(session, run_ids=run_ids)
    if not are_large(found):
        return None, None
    joint = joint_token(run.this_version for run in found)
    place = Place(
        run_ids[0], version_token(found[0].this_version), f"{name} {arguments.key()}", joint
    )
    kept = find_answer(session, run_id=place.run_id, asked=_asked(place), token=place.token)
    return kept, place if kept is None else None


def _asked(place: Place) -> str:
    return place.asked if place.joint is None else of_comparison(place.joint) + place.asked


def keep(engine: Engine, place: Place, data: bytes) -> None:
    """Keep an answer; whoever asked has theirs in any case."""
    try:
        with session_scope(engine) as session:
            if place.joint is not None:
                forget_comparisons(session, run_id=place.run_id, token=place.token, but=place.joint)
            save_answer(
                session, run_id=place.run_id, token=place.token, asked=_asked(place), data=data
            )
    except SQLAlchemyError as error:
        # A store that takes nothing at present, or the run has just been deleted.
        logger.warning("an answer about run %s is not kept: %s", place.run_id, error)
