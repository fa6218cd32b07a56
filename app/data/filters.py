"""What the layer view asks for about filters: rows of a layer, one filter, the most changed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import Arrays
from app.data.pooling import read_columns
from db.queries.measurements import snapshots
from db.queries.measurements.filter_history import filter_history, filter_ranks
from db.queries.measurements.filter_stats import layer_filters
from db.queries.measurements.peaks import top_filters_at
from db.queries.runs import structure
from deeptracker.catalogue import PEAK_QUANTITIES
from deeptracker.format import FILTER_QUANTITIES
from ingest.analysis.order import coarse, similarity_order
from ingest.analysis.peaks import PEAK_LIMIT

Answer = tuple[Arrays, Mapping[str, Any]]
DEFAULT_TOP = 50
COARSE = 120
# How many of a filter's peaks are named, and of how many snapshots filters may be asked at once.
MOST = 5
MOST_SNAPSHOTS = 64
# Against the previous snapshot.
SINCE_BEFORE = ("relative_change", "cosine_change")


def filter_rows(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve one quantity of every filter of a layer, f4 [F, T]; NaN: not defined there.

    Arguments: layer (none: no rows; of several the last), quantity, from, to (iterations, both
    optional). Where that is too large, or a range is asked for, f4 [F, S], the largest of each
    column, and column i4 [T] (app/data/pooling.py). meta: names ("filter 0"...), layer, layerName,
    pooled (the most snapshots of a column; only where `column` is given).
    """
    quantity = arguments.choice("quantity", FILTER_QUANTITIES)
    chosen = arguments.integers("layer")
    columns = {"iteration": snapshots.iterations(session, run_id=run_id)}
    if not chosen:
        read_columns(arguments, columns["iteration"], bytes_a_column=0)  # a range of none
        empty = np.zeros((0, len(columns["iteration"])), np.float32)
        return {**columns, "values": empty}, {"names": [], "layer": -1, "layerName": ""}
    layer = chosen[-1]
    values = layer_filters(session, run_id=run_id, layer_id=layer, quantity=quantity)
    shown = read_columns(arguments, columns["iteration"], bytes_a_column=4 * len(values))
    arrays: dict[str, Any] = {**columns, "values": shown.largest(values)}
    about = {} if shown.whole else {"pooled": shown.most}
    if about:
        arrays["column"] = shown.column()
    return arrays, {
        **about,
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
    # The order hardly changes, and takes a tenth of the time at 2,048 filters and 840 snapshots.
    return {"order": similarity_order(coarse(shown, COARSE))}, {"layer": layer}


def filter_series(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve every quantity of one filter over time, and where it changed most.

    Arguments: filter (layer and filter; of several the last; none: no series), quantity (by which
    "most" is meant). Arrays: iteration i4 [T], of
    each quantity snapshot.NAME f4 [T]; peak i4 [n], the places of the MOST largest values, the
    largest first, and rank i4 [n], the filter's place among all filters there, 0 beyond the first
    200. meta: layer, filter, layerName, filters (of the run), since (the quantities that are
    against the snapshot before, so that they are not defined at the first one).
    """
    quantity = arguments.choice("quantity", PEAK_QUANTITIES, default=PEAK_QUANTITIES[0])
    chosen = arguments.pairs("filter")
    iteration = snapshots.iterations(session, run_id=run_id)
    arrays: dict[str, Any] = {"iteration": iteration}
    if not chosen:
        return arrays, {"layer": -1, "filter": -1, "layerName": ""}
    layer, number = chosen[-1]
    history = filter_history(session, run_id=run_id, layer_id=layer, filter=number)
    for name, row in zip(FILTER_QUANTITIES, history, strict=True):
        arrays[f"snapshot.{name}"] = row
    arrays["peak"] = _largest(history[FILTER_QUANTITIES.index(quantity)])
    arrays["rank"] = filter_ranks(
        session,
        run_id=run_id,
        layer_id=layer,
        filter=number,
        quantity=quantity,
        iterations=iteration[arrays["peak"]].tolist(),
    )
    layers = structure.layers(session, run_id=run_id)
    return arrays, {
        "layer": layer,
        "filter": number,
        "layerName": layers.names[layer],
        "filters": int(layers.filters.sum()),
        "since": SINCE_BEFORE,
    }


def _largest(values: NDArray[np.floating]) -> NDArray[np.int32]:
    """Return the places of the MOST largest finite values, the largest first."""
    places = np.flatnonzero(np.isfinite(values))
    order = np.argsort(-values[places], kind="stable")
    return places[order[:MOST]].astype(np.int32)


def top(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the most changed filters of some snapshots, at each the most changed first.

    Arguments: iteration (of one snapshot or several), quantity, k. Arrays [n, k]: layer and filter
    i4, value f4; -1, -1 and NaN where there are fewer. A block of snapshots is one answer, so that
    the list follows the cursor without asking for each.
    """
    quantity = arguments.choice("quantity", PEAK_QUANTITIES)
    iterations = arguments.integers("iteration")
    if not iterations:
        raise BadArgument("iteration is missing.")
    if len(iterations) > MOST_SNAPSHOTS:
        raise BadArgument(f"iteration may be at most {MOST_SNAPSHOTS} snapshots.")
    k = arguments.integer("k", low=1, high=PEAK_LIMIT, default=DEFAULT_TOP) or DEFAULT_TOP
    found = top_filters_at(
        session, run_id=run_id, iterations=iterations, quantity=quantity, limit=k
    )
    arrays: dict[str, NDArray[Any]] = {
        "layer": np.full((len(found), k), -1, np.int32),
        "filter": np.full((len(found), k), -1, np.int32),
        "value": np.full((len(found), k), np.nan, np.float32),
    }
    for at, peaks in enumerate(found):
        arrays["layer"][at, : len(peaks)] = peaks.layer_id
        arrays["filter"][at, : len(peaks)] = peaks.filter
        arrays["value"][at, : len(peaks)] = peaks.value
    return arrays, {}
