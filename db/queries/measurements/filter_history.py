"""One filter over time: all its quantities, and where it was among the most changed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.queries.runs.existence import require_layer
from db.raw import across, check_choice, fetch
from deeptracker.format import FILTER_QUANTITIES

_ALL = sql.SQL(
    "SELECT {slices} FROM filter_stat WHERE run_id = %(run)s AND layer_id = %(layer)s "
    "ORDER BY iteration"
).format(
    slices=sql.SQL(" || ").join(
        sql.SQL("substring({} FROM 4 * %(filter)s::integer + 1 FOR 4)").format(sql.Identifier(name))
        for name in FILTER_QUANTITIES
    )
)
_BEYOND = 2**28


def filter_history(
    session: Session, *, run_id: int, layer_id: int, filter: int
) -> NDArray[np.float32]:
    """Return every quantity of one filter, counted within its layer: f4 [Q, T], NaN: not defined.

    Rows in the order of format.FILTER_QUANTITIES.
    """
    place = filter if 0 <= filter < _BEYOND else _BEYOND
    rows = fetch(session, _ALL, {"run": run_id, "layer": layer_id, "filter": place})
    if not rows or not rows[0][0]:
        filters = require_layer(session, run_id=run_id, layer_id=layer_id)
        if not 0 <= filter < filters:
            raise NotFound("filter", f"{filter} in layer {layer_id} of run {run_id}")
    return across(rows, 0, "f4", width=len(FILTER_QUANTITIES))


def filter_ranks(
    session: Session,
    *,
    run_id: int,
    layer_id: int,
    filter: int,
    quantity: str,
    iterations: Sequence[int],
) -> NDArray[np.int32]:
    """Return the filter's rank among all filters at some snapshots, 1 the most changed, i4 [n].

    0 where it is not among the models.measurements.PEAKS first, or there is no such snapshot.
    ValueError where `quantity` is not one of format.FILTER_QUANTITIES.
    """
    check_choice(quantity, FILTER_QUANTITIES)
    rows = fetch(
        session,
        "SELECT iteration, layer_id, filter FROM filter_peak WHERE run_id = %(run)s "
        "AND quantity = %(quantity)s AND iteration = ANY(%(at)s)",
        {"run": run_id, "quantity": quantity, "at": list(iterations)},
    )
    ranks = dict.fromkeys(iterations, 0)
    for iteration, layers, filters in rows:
        same = np.frombuffer(layers, "<i4") == layer_id
        same &= np.frombuffer(filters, "<i4") == filter
        if same.any():
            ranks[iteration] = 1 + int(np.argmax(same))
    return np.array([ranks[at] for at in iterations], np.int32)
