"""One filter over time: all its quantities, and where it was among the most changed."""

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.queries.existence import require_layer
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
    session: Session, *, run_id: int, layer_id: int, filter: int, quantity: str
) -> NDArray[np.int32]:
    """Return the filter's rank among all filters at each snapshot, 1 the most changed, i4 [T].

    0 where it is not among the models.measurements.PEAKS first. ValueError where `quantity` is none
    of format.FILTER_QUANTITIES.
    """
    check_choice(quantity, FILTER_QUANTITIES)
    rows = fetch(
        session,
        "SELECT p.layer_id, p.filter FROM snapshot AS s LEFT JOIN filter_peak AS p "
        "ON p.run_id = s.run_id AND p.iteration = s.iteration AND p.quantity = %(quantity)s "
        "WHERE s.run_id = %(run)s ORDER BY s.iteration",
        {"run": run_id, "quantity": quantity},
    )
    lengths = [len(row[0] or b"") // 4 for row in rows]
    layers = np.frombuffer(b"".join(row[0] or b"" for row in rows), "<i4")
    filters = np.frombuffer(b"".join(row[1] or b"" for row in rows), "<i4")
    ranks = np.zeros(len(rows), np.int32)
    if not lengths:
        return ranks
    starts = np.cumsum([0, *lengths[:-1]])
    found = np.flatnonzero((layers == layer_id) & (filters == filter))
    at = np.searchsorted(starts, found, side="right") - 1
    ranks[at] = found - starts[at] + 1
    return ranks
