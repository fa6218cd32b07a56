"""The statistics of layers: all of one layer, or one of all layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.queries.runs.existence import require_layer
from db.raw import across, check_choice, fetch, numbers
from deeptracker.format import OPTIONAL_QUANTITIES, QUANTITIES, STATISTICS

ALL_QUANTITIES = QUANTITIES + OPTIONAL_QUANTITIES


@dataclass(frozen=True)
class LayerStat:
    """Everything measured of one quantity of one layer.

    `iteration` i4 [T] has the snapshots that measured it: all of them but for an optional quantity.
    `values` f4 [S, T] in the order of format.STATISTICS, NaN: not defined. `histogram` u4 [B, T]
    over format.HISTOGRAM_EDGES, None for a quantity without one. `bands` f4 [7, T], shares 0..1 by
    format.BAND_THRESHOLDS, of the quantity update alone.
    """

    iteration: NDArray[np.int32]
    values: NDArray[np.float32]
    histogram: NDArray[np.uint32] | None
    bands: NDArray[np.float32] | None

    def statistic(self, name: str) -> NDArray[np.float32]:
        """Return one statistic, f4 [T]."""
        return self.values[STATISTICS.index(name)]


# The numbers of a row as the server sends them, one after the other: one array for numpy.
_LAYER_STAT = sql.SQL(
    "SELECT iteration, {numbers}, histogram, bands FROM layer_stat WHERE run_id = %(run)s "
    "AND layer_id = %(layer)s AND quantity = %(quantity)s ORDER BY iteration"
).format(
    numbers=sql.SQL(" || ").join(
        sql.SQL("float4send({})").format(sql.Identifier(name)) for name in STATISTICS
    )
)


def layer_stat(session: Session, *, run_id: int, layer_id: int, quantity: str) -> LayerStat:
    """Return everything measured of one quantity of one layer (look-up layer-stat).

    ValueError where `quantity` is not one of ALL_QUANTITIES.
    """
    check_choice(quantity, ALL_QUANTITIES)
    rows = fetch(session, _LAYER_STAT, {"run": run_id, "layer": layer_id, "quantity": quantity})
    if not rows:
        require_layer(session, run_id=run_id, layer_id=layer_id)
    flat = np.frombuffer(b"".join([row[1] for row in rows]), ">f4")
    return LayerStat(
        iteration=numbers(rows, 0, "i4"),
        values=np.ascontiguousarray(flat.reshape(-1, len(STATISTICS)).T, dtype=np.float32),
        histogram=across(rows, 2, "u4") if rows and rows[0][2] is not None else None,
        bands=across(rows, 3, "f4") if rows and rows[0][3] is not None else None,
    )


def layer_profile(
    session: Session, *, run_id: int, quantity: str, statistic: str
) -> NDArray[np.float32]:
    """Return one statistic of all layers, f4 [L, T]; NaN: not defined, or not measured.

    ValueError where `quantity` is not one of ALL_QUANTITIES or `statistic` none of STATISTICS.
    """
    check_choice(quantity, ALL_QUANTITIES)
    check_choice(statistic, STATISTICS)
    rows = fetch(
        session,
        'SELECT p."values" FROM snapshot AS s LEFT JOIN layer_profile AS p '
        "ON p.run_id = s.run_id AND p.iteration = s.iteration "
        "AND p.quantity = %(quantity)s AND p.statistic = %(statistic)s "
        "WHERE s.run_id = %(run)s ORDER BY s.iteration",
        {"run": run_id, "quantity": quantity, "statistic": statistic},
    )
    length = max((len(row[0]) for row in rows if row[0]), default=0)
    if not length:
        layers = fetch(session, "SELECT layer_count FROM run WHERE id = %(run)s", {"run": run_id})
        if not layers:
            raise NotFound("run", run_id)
        return np.full((layers[0][0], len(rows)), np.nan, np.float32)
    absent = np.full(length // 4, np.nan, "<f4").tobytes()
    return across([(row[0] or absent,) for row in rows], 0, "f4")


def profile_at(
    session: Session,
    *,
    run_id: int,
    quantity: str,
    statistics: Sequence[str],
    iterations: Sequence[int],
) -> NDArray[np.float32]:
    """Return some statistics of all layers at some snapshots, f4 [S, n, L]; NaN as there.

    ValueError as of `layer_profile`.
    """
    check_choice(quantity, ALL_QUANTITIES)
    for name in statistics:
        check_choice(name, STATISTICS)
    layers = fetch(session, "SELECT layer_count FROM run WHERE id = %(run)s", {"run": run_id})
    if not layers:
        raise NotFound("run", run_id)
    rows = fetch(
        session,
        'SELECT statistic, iteration, "values" FROM layer_profile WHERE run_id = %(run)s '
        "AND quantity = %(quantity)s AND statistic = ANY(%(statistics)s) "
        "AND iteration = ANY(%(at)s)",
        {
            "run": run_id,
            "quantity": quantity,
            "statistics": list(statistics),
            "at": list(iterations),
        },
    )
    shape = (len(statistics), len(iterations), layers[0][0])
    found = np.full(shape, np.nan, np.float32)
    for statistic, iteration, values in rows:
        found[statistics.index(statistic), iterations.index(iteration)] = np.frombuffer(
            values, "<f4"
        )
    return found
