"""How numbers of layers spread over time: histograms and change bands of many layers at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy.orm import Session

from db.queries.measurements.layer_stats import ALL_QUANTITIES
from db.queries.runs.existence import require_run
from db.raw import Array, check_choice, column, fetch
from deeptracker.format import BAND_THRESHOLDS, BINS

# The rows of a layer stand together in the primary key: they are joined without being sorted.
_JOINED = sql.SQL(
    "SELECT layer_id, string_agg({array}, ''::bytea ORDER BY iteration) FROM layer_stat "
    "WHERE run_id = %(run)s AND layer_id = ANY(%(layers)s) AND quantity = %(quantity)s {some}"
    "GROUP BY layer_id"
)
_SOME = sql.SQL("AND iteration = ANY(%(iterations)s) ")


def quantities(session: Session, *, run_id: int) -> tuple[str, ...]:
    """Return which of ALL_QUANTITIES the run has measured, in that order; none of an empty run."""
    rows = fetch(
        session,
        "SELECT q FROM unnest(%(all)s::text[]) AS q WHERE EXISTS (SELECT 1 FROM layer_profile "
        "WHERE run_id = %(run)s AND quantity = q)",
        {"run": run_id, "all": list(ALL_QUANTITIES)},
    )
    if not rows:
        require_run(session, run_id=run_id)
    found = {row[0] for row in rows}
    return tuple(name for name in ALL_QUANTITIES if name in found)


def layer_histograms(
    session: Session,
    *,
    run_id: int,
    quantity: str,
    layers: Sequence[int],
    snapshots: int,
    iterations: Sequence[int] | None = None,
) -> NDArray[np.uint32]:
    """Return the histograms of some layers over all snapshots, u4 [n, T, B].

    14 MB for 54 layers at 840 snapshots. Zero where a quantity has none (activation). `snapshots`
    is T; where `iterations` names T of the run's snapshots, rising, nothing of the others is read.
    ValueError where `quantity` is not one of ALL_QUANTITIES.
    """
    check_choice(quantity, ALL_QUANTITIES)
    into = np.zeros((len(layers), snapshots, BINS), "<u4")
    return _joined(session, "histogram", run_id, quantity, layers, into, iterations)


def layer_bands(
    session: Session, *, run_id: int, layers: Sequence[int], snapshots: int
) -> NDArray[np.float32]:
    """Return the change bands of some layers over all snapshots, f4 [n, T, K], NaN: not known."""
    shape = (len(layers), snapshots, len(BAND_THRESHOLDS))
    return _joined(session, "bands", run_id, "update", layers, np.full(shape, np.nan, "<f4"))


def _joined(
    session: Session,
    name: str,
    run_id: int,
    quantity: str,
    layers: Sequence[int],
    into: Array,
    iterations: Sequence[int] | None = None,
) -> Array:
    some = sql.SQL("") if iterations is None else _SOME
    query = _JOINED.format(array=column(name, ("histogram", "bands")), some=some)
    parameters = {"run": run_id, "layers": list(layers), "quantity": quantity}
    if iterations is not None:
        parameters["iterations"] = list(iterations)
    place = {layer: at for at, layer in enumerate(layers)}
    for layer, data in fetch(session, query, parameters):
        if data is not None:
            into[place[layer]] = np.frombuffer(data, into.dtype).reshape(into.shape[1:])
    return into
