"""At the end of a load: makes the answers about a run that its pages ask for first, and next."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Engine

from app import kept_lines
from app.analysis import analysis_of, forget_run
from app.arguments import Arguments, BadArgument
from app.binary import DataFunction, make_answer
from app.data import (
    compare_scalars,
    confusion,
    correlation,
    cube,
    layers,
    magnitudes,
    overview,
    scalars,
    validation,
)
from app.kept_index import index_place, packed
from app.prepared import Place, find_prepared, keep, prepared_arguments
from db.engine import read_scope
from db.errors import NotFound
from db.queries.runs.runs import RunRow, get_run
from ingest.analysis.alignment import ALIGNMENTS

ROUTES: Final[Mapping[str, DataFunction]] = MappingProxyType(
    {
        "class-error": overview.class_error,
        "series": overview.series,
        "anomalies": validation.anomalies,
        "groups": validation.groups,
        "forgetting": validation.forgetting,
        "cube-order": cube.order,
        "correlation": correlation.grid,
        "correlation-detail": correlation.detail,
        "confusion": confusion.confusion,
        "layer-magnitudes": magnitudes.magnitudes,
        "layer-settle": layers.settle,
        "layer-shapes": layers.shapes,
        "scalar-lines": scalars.lines,
    }
)


def prepare(engine: Engine, run: RunRow) -> None:
    """Make and keep what is not kept yet about a run. NotFound."""
    with read_scope(engine) as session:
        asked = list(prepared_arguments(session, run))
    for name, arguments in asked:
        _prepare(engine, run.id, name, arguments)
    _keep_index(engine, run)
    _keep_lines(engine, run)
    forget_run(run.this_version)


def _keep_index(engine: Engine, run: RunRow) -> None:
    """Keep the flips that count at the run's own window, too: what is asked with other thresholds
    and of wider windows follows from them.
    """
    with read_scope(engine) as session:
        index = analysis_of(session, run.id).usual_index(session)
        place = Place(run.id, *index_place(get_run(session, run_id=run.id), index.run_snapshots))
    keep(engine, place, packed(index))


def _keep_lines(engine: Engine, run: RunRow) -> None:
    """Keep what comparisons draw of the run, whatever it is compared with, however aligned."""
    with read_scope(engine) as session:
        seen = get_run(session, run_id=run.id)
        found = {
            kept_lines.lines_place(seen, alignment): compare_scalars.first_lines(
                session, run.id, alignment
            )
            for alignment in ALIGNMENTS
        }
    for place, lines in found.items():
        keep(engine, Place(run.id, *place), kept_lines.packed(lines))


def _prepare(engine: Engine, run_id: int, name: str, arguments: Arguments) -> None:
    with read_scope(engine) as session:
        _, place = find_prepared(session, run_id=run_id, name=name, arguments=arguments)
        if place is None:
            return
        try:
            data = make_answer(lambda: ROUTES[name](session, run_id, arguments), arguments)
        except (NotFound, BadArgument):
            return  # the run has nothing of the kind, or is gone
    keep(engine, place, data)
