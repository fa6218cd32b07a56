"""How numbers of layers spread over time: histograms and change bands of many layers at once."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy.orm import Session

from db.queries.measurements.layer_stats import ALL_QUANTITIES
from db.queries.runs.existence import require_run
from db.raw import check_choice, column, fetch, fetch_some
from deeptracker.format import BAND_THRESHOLDS, BINS

# The rows of a layer stand together in the primary key: they are joined without being sorted.
_JOINED = sql.SQL(
    "SELECT layer_id, string_agg({array}, ''::bytea ORDER BY iteration) FROM layer_stat "
    "WHERE run_id = %(run)s AND layer_id = ANY(%(layers)s) AND quantity = %(quantity)s {some}"
    "GROUP BY layer_id"
)
# Layers whose arrays are made Python's together.
_AT_ONCE = 8
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
    iterations: Sequence[int] | None = None,
) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """Yield those of some layers that have histograms, each with its own over time, u4 [T, B].

    0.3 MB a layer at 840 snapshots; none of a quantity that has none (activation). Where
    `iterations` names some of the run's snapshots, rising, nothing of the others is read.
    ValueError where `quantity` is not one of ALL_QUANTITIES.
    """
    check_choice(quantity, ALL_QUANTITIES)
    for layer, data in _joined(session, "histogram", run_id, quantity, layers, iterations):
        yield layer, np.frombuffer(data, "<u4").reshape(-1, BINS)


def layer_bands(
    session: Session, *, run_id: int, layers: Sequence[int], snapshots: int
) -> NDArray[np.float32]:
    """Return the change bands of some layers over all snapshots, f4 [n, T, K], NaN: not known."""
    found = np.full((len(layers), snapshots, len(BAND_THRESHOLDS)), np.nan, "<f4")
    place = {layer: at for at, layer in enumerate(layers)}
    for layer, data in _joined(session, "bands", run_id, "update", layers):
        found[place[layer]] = np.frombuffer(data, "<f4").reshape(found.shape[1:])
    return found


def _joined(
    session: Session,
    name: str,
    run_id: int,
    quantity: str,
    layers: Sequence[int],
    iterations: Sequence[int] | None = None,
) -> Iterator[tuple[int, bytes]]:
    """Yield the arrays of each layer that has some, one after the other in time."""
    some = sql.SQL("") if iterations is None else _SOME
    query = _JOINED.format(array=column(name, ("histogram", "bands")), some=some)
    parameters = {"run": run_id, "layers": list(layers), "quantity": quantity}
    if iterations is not None:
        parameters["iterations"] = list(iterations)
    for rows in fetch_some(session, query, parameters, at_once=_AT_ONCE):
        yield from ((layer, data) for layer, data in rows if data is not None)
