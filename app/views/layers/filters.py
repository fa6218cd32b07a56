"""What the layer view asks for about filters: rows of a layer, one filter, the most changed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.binary import Arguments, Arrays
from db.queries import snapshots, structure
from db.queries.filter_history import filter_history, filter_ranks
from db.queries.filter_stats import layer_filters
from db.queries.peaks import top_filters
from deeptracker.format import FILTER_QUANTITIES
from ingest.analysis.order import similarity_order
from ingest.analysis.peaks import PEAK_LIMIT, PEAK_QUANTITIES

Answer = tuple[Arrays, Mapping[str, Any]]
DEFAULT_TOP = 50
COARSE = 120
# Against the previous snapshot.
SINCE_BEFORE = ("relative_change", "cosine_change")


def filter_rows(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve one quantity of every filter of a layer, f4 [F, T]; NaN: not defined there.

    Arguments: layer (none: no rows; of several the last), quantity. meta: names ("filter 0"...),
    layer, layerName.
    """
    quantity = arguments.choice("quantity", FILTER_QUANTITIES)
    chosen = arguments.integers("layer")
    columns = {"iteration": snapshots.iterations(session, run_id=run_id)}
    if not chosen:
        empty = np.zeros((0, len(columns["iteration"])), np.float32)
        return {**columns, "values": empty}, {"names": [], "layer": -1, "layerName": ""}
    layer = chosen[-1]
    values = layer_filters(session, run_id=run_id, layer_id=layer, quantity=quantity)
    return {**columns, "values": values}, {
        "names": [f"filter {number}" for number in range(len(values))],
        "layer": layer,
        "layerName": structure.layers(session, run_id=run_id).names[layer],
    }


def filter_order(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the order of a layer's filters by similarity of one quantity: order i4 [F]."""
    quantity = arguments.choice("quantity", FILTER_QUANTITIES)
    layer = arguments.required("layer")
    values = layer_filters(session, run_id=run_id, layer_id=layer, quantity=quantity)
    # Of changes the size matters, which spans decades.
    shown = values if (values < 0).any() else np.log10(np.maximum(values, 1e-12))
    return {"order": similarity_order(_coarse(shown))}, {"layer": layer}


def _coarse(series: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return [F, T] with neighbouring snapshots averaged to at most COARSE columns.

    The order hardly changes, and takes a tenth of the time at 2,048 filters and 840 snapshots.
    """
    columns = series.shape[1]
    if columns <= COARSE:
        return series
    starts = np.unique(np.linspace(0, columns, COARSE, endpoint=False).astype(int))
    known = ~np.isnan(series)
    total = np.add.reduceat(np.where(known, series, 0), starts, axis=1)
    count = np.add.reduceat(known, starts, axis=1, dtype=np.float32)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def filter_series(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve every quantity of one filter over time, as the strip of assets/strip.js reads it.

    Arguments: filter ("layer.filter"; of several the last; none: no series), quantity (whose ranks
    are wanted), from, to (not used: all snapshots always come). Arrays: iteration, and of each
    quantity snapshot.NAME f4 [T], series.NAME.iterations, .values, .odd; rank i4 [T], the filter's
    place among all filters, 0 beyond the first 200. meta: layer, filter, layerName.
    """
    quantity = arguments.choice("quantity", PEAK_QUANTITIES, default=PEAK_QUANTITIES[0])
    chosen = arguments.pairs("filter")
    arguments.integer("from")
    arguments.integer("to")
    iteration = snapshots.iterations(session, run_id=run_id)
    arrays: dict[str, Any] = {"iteration": iteration}
    if not chosen:
        return arrays, {"layer": -1, "filter": -1, "layerName": ""}
    layer, number = chosen[-1]
    history = filter_history(session, run_id=run_id, layer_id=layer, filter=number)
    for name, row in zip(FILTER_QUANTITIES, history, strict=True):
        finite = np.isfinite(row)
        arrays[f"snapshot.{name}"] = row
        arrays[f"series.{name}.iterations"] = iteration[finite]
        arrays[f"series.{name}.values"] = row[finite]
        # At the first snapshot a change is not defined, which is nothing to be alarmed about.
        alarming = ~finite
        alarming[:1] &= name not in SINCE_BEFORE
        arrays[f"series.{name}.odd"] = iteration[alarming]
    arrays["rank"] = filter_ranks(
        session, run_id=run_id, layer_id=layer, filter=number, quantity=quantity
    )
    layers = structure.layers(session, run_id=run_id)
    return arrays, {
        "layer": layer,
        "filter": number,
        "layerName": layers.names[layer],
        "filters": int(layers.filters.sum()),
    }


def top(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the most changed filters of one snapshot, the most changed first.

    Arguments: iteration (a snapshot's), quantity, k. Arrays: layer i4, filter i4, value f4 [k].
    """
    quantity = arguments.choice("quantity", PEAK_QUANTITIES)
    iteration = arguments.required("iteration")
    k = arguments.integer("k", low=1, high=PEAK_LIMIT, default=DEFAULT_TOP) or DEFAULT_TOP
    found = top_filters(session, run_id=run_id, iteration=iteration, quantity=quantity, limit=k)
    return {"layer": found.layer_id, "filter": found.filter, "value": found.value}, {}
