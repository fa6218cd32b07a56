"""What the correlation view and the cube ask for: the grid, mini-sets, filters and their series.

What is asked, by the arguments that all routes share, is k, m, share and direction as in the
validation view, `top` (K) and `quantity` (of which the K largest count).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import DataFunction
from app.data.correlation_asked import Asked, Judged, read_asked
from app.data.correlation_empty import why_empty
from db.errors import NotFound
from db.queries.measurements import snapshots
from db.queries.measurements.filter_stats import layer_filters
from deeptracker.format import FILTER_QUANTITIES
from ingest.analysis.correlation import Grid
from ingest.analysis.minisets import mini_sets
from ingest.analysis.significance import benjamini_hochberg
from ingest.analysis.tied import Tied, tied_filters

# What all routes are asked with, as a template; everything else happens in the browser.
ASKED = "k={k}&m={m}&share={share}&direction={direction}&top={top}&quantity={topquantity}"
GRID = f"correlation?{ASKED}"
NAMES = "correlation-names"

Arrays = dict[str, Any]
Floats = NDArray[np.floating]
Answer = tuple[Arrays, dict[str, Any]]
# Of the grid: 41 bytes each. Beyond, the classes with the strongest cells stand for all.
MOST_CELLS = 180_000
# What a cell has, [R, C].
_OF_CELLS = (
    "count", "sets", "members", "expected", "usual", "lift", "p", "q", "level", "hits", "base",
)  # fmt: skip
_OF_MOMENTS = ("class_iteration", "class_side", "class_images")
MOST_FILTERS = 2_000
MOST_SERIES = 200
MOST_STRONGEST = 20
TIED_AT = 0.05


def grid(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the abstract grid: layers x classes, and the moments that it was made of.

    Arrays, R layers, C classes, I snapshots, S moments of classes: layer i4 [R], class i4 [C],
    iteration and snapshot i4 [I]; class_start i4 [C + 1], class_iteration i4, class_side u1 and
    class_images i4 [S]; holds u1 [R, I]; and [R, C] count, sets, members, hits, base i4, level u1,
    expected, usual, lift, p, q f4. Lift is members / usual, since distinct filters saturate: no
    layer has more than all of its own. See ingest/analysis/correlation.py and significance.py.
    Of more than MOST_CELLS the classes with the strongest cells are given, as many as fit. meta:
    what was asked, sizes, strongest ([row, column], the strongest first), grid_classes (how many
    the whole grid has), reason and message where empty.
    """
    asked = read_asked(session, run_id, arguments)
    found = asked.grid()
    judged = asked.judged(found)
    arrays = grid_arrays(asked, found, judged)
    empty = why_empty(asked, found)
    classes = len(found.class_id)
    p = judged.presence.p
    kept = _strongest_classes(p, arrays["lift"])
    if len(kept) < classes:
        arrays, p = _of_classes(arrays, kept), p[:, kept]
        few = (
            f"Shown are the {len(kept):,} classes with the strongest cells, of {classes:,} with "
            "two anomalous iterations or more. Raise k or m for fewer; an export has all."
        )
        empty["note"] = f"{few} {empty['note']}".strip()
    about = {
        **asked.about(),
        **empty,
        "cells": judged.tests,
        "grid_classes": classes,
        "strongest": _strongest(p, arrays),
    }
    return arrays, about


def grid_arrays(asked: Asked, found: Grid, judged: Judged) -> Arrays:
    """Return the arrays of `grid` with all classes."""
    moments = asked.returning
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = np.where(found.members > 0, found.members / judged.usual, 0.0)
    corrected = benjamini_hochberg(judged.presence.p, tests=judged.tests)
    return {
        "layer": found.layer,
        "class": found.class_id,
        "iteration": asked.iteration[found.snapshot],
        "snapshot": found.snapshot,
        "class_start": found.class_start.astype(np.int32),
        "class_iteration": found.place,
        "class_side": moments.side,
        "class_images": moments.images,
        "holds": found.holds.astype(np.uint8),
        "count": found.count,
        "sets": found.sets,
        "members": found.members,
        "expected": judged.expected.astype(np.float32),
        "usual": judged.usual.astype(np.float32),
        "lift": lift.astype(np.float32),
        "p": judged.presence.p.astype(np.float32),
        "q": corrected.astype(np.float32),
        "level": judged.presence.level,
        "hits": judged.presence.hits,
        "base": judged.presence.base,
    }


def _strongest_classes(p: Floats, lift: Floats) -> NDArray[np.intp]:
    """Return the columns that are given, rising: all, or those with the smallest p."""
    rows, classes = p.shape
    most = max(1, MOST_CELLS // max(1, rows))
    if classes <= most or not rows:
        return np.arange(classes)
    order = np.lexsort((-lift.max(axis=0), p.min(axis=0)))
    return np.sort(order[:most])


def _of_classes(arrays: Arrays, kept: NDArray[np.intp]) -> Arrays:
    """Return the arrays of a grid with the columns `kept` alone."""
    start = arrays["class_start"].astype(np.int64)
    sizes = np.diff(start)[kept]
    first = np.cumsum(sizes) - sizes
    moments = np.repeat(start[kept] - first, sizes) + np.arange(sizes.sum())
    return {
        **arrays,
        "class": arrays["class"][kept],
        "class_start": np.append(first, sizes.sum()).astype(np.int32),
        **{name: arrays[name][moments] for name in _OF_MOMENTS},
        **{name: arrays[name][:, kept] for name in _OF_CELLS},
    }


def _strongest(p: Floats, arrays: Arrays) -> list[list[int]]:
    count = arrays["count"]
    order = np.lexsort((-count.ravel(), -arrays["lift"].ravel(), p.ravel()))[:MOST_STRONGEST]
    cells = np.stack(np.unravel_index(order, p.shape), axis=1) if p.size else np.zeros((0, 2), int)
    return [cell for cell in cells.tolist() if count[cell[0], cell[1]]]


def detail(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the mini-sets of layers, and the (class, iteration) columns that they are parts of.

    Arguments: layers, classes (ids; none: all of the grid). Arrays, S columns, I iterations, P
    parts: column_class, column_iteration, column_set (place in iteration) i4 [S]; iteration i4 [I];
    part_layer, part_size, part_sets, part_weight i4 [P]; part_start i4 [P + 1], part_filter;
    presence_start i4 [P + 1], presence (places in iteration). See ingest/analysis/minisets.py.
    """
    layers, classes = arguments.integers("layers"), arguments.integers("classes")
    asked = read_asked(session, run_id, arguments)
    moments = asked.returning
    if classes:
        moments = moments.keep(np.isin(moments.class_id, classes))
    place, column_set, number = np.unique(moments.snapshot, return_inverse=True, return_counts=True)
    parts = mini_sets(
        asked.sets,
        snapshot=place,
        classes=number,
        layers=np.array(layers) if layers else None,
    )
    arrays: Arrays = {
        "column_class": moments.class_id,
        "column_iteration": asked.iteration[moments.snapshot],
        "column_set": column_set.astype(np.int32),
        "iteration": asked.iteration[place],
        "presence_start": parts.presence_start,
        "presence": parts.presence,
        **{
            f"part_{name}": getattr(parts, name)
            for name in ("layer", "size", "sets", "weight", "start", "filter")
        },
    }
    about = {
        **asked.about(),
        **why_empty(asked, asked.grid()),
        "heaviest": int(parts.weight.max(initial=0)),
    }
    return arrays, about


def filters(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the filters behind a cell, a class, a layer or an iteration, those tied most first.

    Arguments: class, layer (ids), iteration (of a snapshot); each may be absent. A class stands for
    its anomalous iterations, without class and iteration all of the grid's classes. Arrays: layer,
    filter, times, base, rank i4 [n], expected, p, q f4 [n], at_start i4 [n + 1], at i4 (places in
    iteration), iteration i4 [J]; at most MOST_FILTERS, meta.total says how many there are.
    """
    class_id = arguments.integer("class")
    layer = arguments.integer("layer")
    iteration = arguments.integer("iteration")
    asked = read_asked(session, run_id, arguments)
    check_exist(asked, class_id, layer)
    chosen = chosen_places(asked, class_id, iteration)
    found = tied_filters(asked.sets, chosen, population=asked.population, layer=layer)
    kept = found.first(MOST_FILTERS)
    number = kept.filter - asked.sets.offsets[kept.layer]
    arrays: Arrays = {
        "layer": kept.layer,
        "filter": number.astype(np.int32),
        "times": kept.times,
        "base": kept.base,
        "rank": kept.rank,
        "expected": kept.expected.astype(np.float32),
        "p": kept.p.astype(np.float32),
        "q": kept.q.astype(np.float32),
        "at_start": kept.at_start,
        "at": kept.at,
        "iteration": asked.iteration[chosen],
    }
    about = {**asked.about(), "chosen": len(chosen), **_tied(found)}
    return arrays, about


def _tied(found: Tied) -> dict[str, int]:
    return {"total": len(found.filter), "tied": int(np.count_nonzero(found.q <= TIED_AT))}


def check_exist(asked: Asked, class_id: int | None, layer: int | None) -> None:
    """Raise NotFound for a class or layer that the run does not have."""
    if class_id is not None and class_id >= asked.classes:
        raise NotFound("class", f"{class_id} in run {asked.run_id}")
    if layer is not None and layer >= asked.sets.layers:
        raise NotFound("layer", f"{layer} in run {asked.run_id}")


def chosen_places(asked: Asked, class_id: int | None, iteration: int | None) -> Any:
    """Return the places in time of what is asked about, rising."""
    if iteration is not None:
        at = np.flatnonzero(asked.iteration == iteration)
        if not len(at):
            raise NotFound("snapshot", f"at iteration {iteration} of run {asked.run_id}")
        if class_id is None:
            return at
    if class_id is None:
        return np.unique(asked.returning.snapshot)
    own = asked.moments.snapshot[asked.moments.class_id == class_id]
    return own if iteration is None else np.intersect1d(own, at)


def series(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve one quantity of some filters of a layer over time, f4 [n, T]; NaN: not defined.

    Arguments: layer, filters (numbers in the layer, at most MOST_SERIES), quantity.
    """
    quantity = arguments.choice("quantity", FILTER_QUANTITIES, default="relative_change")
    layer = arguments.required("layer")
    wanted = arguments.integers("filters")
    if len(wanted) > MOST_SERIES:
        raise BadArgument(f"filters must be at most {MOST_SERIES} numbers.")
    values = layer_filters(session, run_id=run_id, layer_id=layer, quantity=quantity)
    beyond = [number for number in wanted if number >= len(values)]
    if beyond:
        raise NotFound("filter", f"{beyond[0]} in layer {layer} of run {run_id}")
    return {
        "iteration": snapshots.iterations(session, run_id=run_id),
        "values": values[np.array(wanted, int)],
    }, {"layer": layer, "quantity": quantity}


ROUTES: Mapping[str, DataFunction] = MappingProxyType(
    {
        "correlation": grid,
        "correlation-detail": detail,
        "correlation-filters": filters,
        "correlation-series": series,
    }
)
