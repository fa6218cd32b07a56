"""The full data of each chart as one table, by the name of the chart's data route.

Each function takes the arguments of its data route, and gives what the chart shows at full
resolution: no value is left out. Matrices are tidy: a row for each cell. NaN: not defined or not
recorded, or logged as NaN; an empty cell: there is no value at this iteration.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.arguments import Arguments
from app.data import cube, overview, scalars
from app.export import (
    change_tables,
    confusion_tables,
    distribution_tables,
    layer_tables,
    review_tables,
    validation_tables,
)
from app.export.columns import Batches, Columns, known, table, texts, unrolled
from db.queries.measurements import snapshots
from db.queries.measurements.layer_stats import ALL_QUANTITIES
from deeptracker.catalogue import IMAGE_TRANSITIONS
from deeptracker.format import SERIES, STATISTICS

TableFunction = Callable[[Session, int, Arguments], Columns | Batches]
TRANSITIONS = tuple(one.name for one in IMAGE_TRANSITIONS)


def series(session: Session, run_id: int, arguments: Arguments) -> Batches:
    """Return every logged value: one row for each iteration at which anything was logged."""
    found = snapshots.snapshots(session, run_id=run_id)
    analysis = analysis_of(session, run_id)
    parts = {name: analysis.series(session, name, at=found) for name in SERIES}
    iteration = _merged([found.iteration, *(part.iterations for part in parts.values())])
    named: list[tuple[str, Any, Any]] = [("epoch", found.iteration, found.epoch)]
    named += [(name, part.iterations, part.values) for name, part in parts.items()]
    for place, name in enumerate(TRANSITIONS):
        counts = found.transitions[:, place]
        named.append((name, found.iteration[counts >= 0], counts[counts >= 0]))

    def make(first: int, after: int) -> Columns:
        rows = iteration[first:after]
        return {
            "iteration": rows,
            **{name: _spread(rows, *_within(rows, at, values)) for name, at, values in named},
        }

    return Batches(len(iteration), 1, make)


def _within(iteration: Any, at: Any, values: Any) -> tuple[Any, Any]:
    """Return what of a rising series lies within the first and last of some iterations."""
    if not len(iteration):
        return at[:0], values[:0]
    first = np.searchsorted(at, iteration[0], "left")
    after = np.searchsorted(at, iteration[-1], "right")
    return at[first:after], values[first:after]


def scalar_lines(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return some scalars as they were logged: one row for each iteration at which any was."""
    found = snapshots.snapshots(session, run_id=run_id)
    analysis = analysis_of(session, run_id)
    wanted = scalars.wanted(session, run_id, arguments)
    parts = {name: analysis.series(session, name, at=found) for name in wanted.values()}
    if not parts:
        return {"iteration": found.iteration[:0]}
    iteration = _merged([part.iterations for part in parts.values()])
    return {
        "iteration": iteration,
        **{
            # A script may log what it calls so, too.
            "iteration (logged)" if name == "iteration" else name: _spread(
                iteration, part.iterations, part.values
            )
            for name, part in parts.items()
        },
    }


def marks(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return the events and resumes of the run: one row each, rising by iteration."""
    arrays, meta = overview.marks(session, run_id, arguments)
    rows = np.arange(len(arrays["at"]))
    return {
        "iteration": arrays["at"],
        "kind": texts(rows, meta["kinds"]),
        "text": texts(rows, meta["texts"]),
    }


def _merged(parts: list[Any]) -> Any:
    """Return the values of rising series, each once and rising.

    np.unique takes fifteen times as long for a million of them, and lets nobody else run.
    """
    longest = max(parts, key=len)
    # Most are logged at the same iterations, or at some of them.
    others = [part for part in parts if not _is_within(part, longest)]
    if not others:
        return longest
    values = np.sort(np.concatenate([longest, *others]), kind="stable")
    return values[np.diff(values, prepend=values[:1] - 1) > 0]


def _is_within(part: Any, whole: Any) -> bool:
    """Return whether a rising series has all values of another one."""
    if len(part) == len(whole):
        return np.array_equal(part, whole)
    places = np.searchsorted(whole, part)
    return bool((whole[np.minimum(places, len(whole) - 1)] == part).all())


def _spread(iteration: Any, at: Any, values: Any) -> pa.Array:
    """Return values at some iterations among all of them; absent at the others."""
    if len(at) == len(iteration):
        return pa.array(values)  # where there are as many they are the same
    places = np.searchsorted(iteration, at)
    spread = np.zeros(len(iteration), values.dtype)
    there = np.zeros(len(iteration), bool)
    spread[places], there[places] = values, True
    return known(spread, there)


def layer_profile(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return one statistic of every layer."""
    arrays, meta = overview.layer_map(session, run_id, arguments)
    quantity = arguments.choice("quantity", ALL_QUANTITIES)
    name = f"{quantity}_{arguments.choice('statistic', STATISTICS)}"
    rows = layer_tables.layer_columns(session, run_id, np.arange(len(meta["names"])))
    return unrolled(rows, arrays["iteration"], {name: arrays["values"]})


def cube_layers(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return the statistic on the front of the cube, of every layer."""
    arrays, meta = cube.layers(session, run_id, arguments)
    name = arguments.choice("measure", (cube.RATIO, *cube.MEASURES), default=cube.RATIO)
    rows = layer_tables.layer_columns(session, run_id, np.arange(len(meta["names"])))
    return unrolled(rows, arrays["iteration"], {name: arrays["values"]})


TABLES: Mapping[str, TableFunction] = MappingProxyType(
    {
        "series": series,
        "marks": marks,
        "class-error": validation_tables.class_error,
        "layer-profile": layer_profile,
        "cube-layers": cube_layers,
        "anomalies": validation_tables.anomalies,
        "anomaly-classes": validation_tables.anomaly_classes,
        "groups": validation_tables.groups,
        "class-images": validation_tables.class_images,
        "forgetting": validation_tables.forgetting,
        "layer-rows": layer_tables.layer_rows,
        "layer-magnitudes": layer_tables.layer_magnitudes,
        "filter-rows": layer_tables.filter_rows,
        "filter-series": layer_tables.filter_series,
        "top-filters": layer_tables.top_filters,
        "correlation": layer_tables.correlation,
        "correlation-filters": layer_tables.correlation_filters,
        "scalar-lines": scalar_lines,
        "distributions": distribution_tables.distributions,
        "confusion": confusion_tables.confusion,
        "confusion-classes": confusion_tables.confusion_classes,
        "confusion-flows": confusion_tables.confusion_flows,
        "confusion-images": confusion_tables.confusion_images,
        "data-review": review_tables.review,
        "data-review-cleanlab": review_tables.cleanlab,
        "data-review-fiftyone": review_tables.fiftyone,
        **change_tables.OF_RUN,
    }
)


def make_table(
    session: Session, run_id: int, name: str, arguments: Arguments
) -> pa.Table | Batches:
    """Return one table, those of millions of rows in batches; KeyError for a name that is not one
    of TABLES.
    """
    columns = TABLES[name](session, run_id, arguments)
    arguments.check_all_read()
    return columns if isinstance(columns, Batches) else table(columns)
