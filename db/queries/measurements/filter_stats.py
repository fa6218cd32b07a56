"""The statistics of filters over time: of all filters of a layer, or of one."""

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.queries.runs.existence import require_layer
from db.raw import across, column, fetch, joined
from deeptracker.format import FILTER_QUANTITIES

_LAYER = sql.SQL(
    "SELECT {quantity} FROM filter_stat WHERE run_id = %(run)s AND layer_id = %(layer)s "
    "ORDER BY iteration"
)
# Arrays are stored uncompressed, so the server reads the one slice and not the rest.
_FILTER = sql.SQL(
    "SELECT substring({quantity} FROM 4 * %(filter)s::integer + 1 FOR 4) FROM filter_stat "
    "WHERE run_id = %(run)s AND layer_id = %(layer)s ORDER BY iteration"
)
_AT = sql.SQL(
    "SELECT layer_id, {quantity} FROM filter_stat WHERE run_id = %(run)s "
    "AND iteration = %(at)s AND layer_id = ANY(%(layers)s)"
)
_BEYOND = 2**28


def layer_filters(
    session: Session, *, run_id: int, layer_id: int, quantity: str
) -> NDArray[np.float32]:
    """Return one quantity of all filters of a layer, f4 [F, T]; NaN: not defined there.

    7 MB for 2,048 filters at 840 snapshots. ValueError where `quantity` is not one of
    format.FILTER_QUANTITIES.
    """
    query = _LAYER.format(quantity=column(quantity, FILTER_QUANTITIES))
    rows = fetch(session, query, {"run": run_id, "layer": layer_id})
    if not rows:
        filters = require_layer(session, run_id=run_id, layer_id=layer_id)
        return np.empty((filters, 0), np.float32)
    return across(rows, 0, "f4")


def one_filter(
    session: Session, *, run_id: int, layer_id: int, filter: int, quantity: str
) -> NDArray[np.float32]:
    """Return one quantity of one filter, counted within its layer, f4 [T]; NaN: not defined there.

    ValueError where `quantity` is not one of format.FILTER_QUANTITIES.
    """
    query = _FILTER.format(quantity=column(quantity, FILTER_QUANTITIES))
    place = filter if 0 <= filter < _BEYOND else _BEYOND
    rows = fetch(session, query, {"run": run_id, "layer": layer_id, "filter": place})
    if not rows or not rows[0][0]:
        filters = require_layer(session, run_id=run_id, layer_id=layer_id)
        if not 0 <= filter < filters:
            raise NotFound("filter", f"{filter} in layer {layer_id} of run {run_id}")
    return joined(rows, 0, "f4")


def filters_at(
    session: Session,
    *,
    run_id: int,
    iteration: int,
    layers: NDArray[np.integer],
    filters: NDArray[np.integer],
    quantity: str,
) -> NDArray[np.float32]:
    """Return one quantity of some filters at one snapshot, f4 [n]; NaN: not defined there.

    `layers` and `filters` [n], counted within the layer. ValueError as of `layer_filters`.
    """
    query = _AT.format(quantity=column(quantity, FILTER_QUANTITIES))
    wanted = np.unique(layers).tolist()
    rows = fetch(session, query, {"run": run_id, "at": iteration, "layers": wanted})
    stored = {layer: np.frombuffer(values, "<f4") for layer, values in rows}
    found = np.full(len(filters), np.nan, np.float32)
    for place, (layer, number) in enumerate(zip(layers, filters, strict=True)):
        if layer in stored and number < len(stored[layer]):
            found[place] = stored[layer][number]
    return found
