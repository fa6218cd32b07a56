"""The most changed filters of an iteration over all layers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.models.measurements import PEAK_QUANTITIES
from db.queries.existence import require_run
from db.raw import check_choice, fetch, joined


@dataclass(frozen=True)
class Peaks:
    """Filters with the largest values first, each array [k]; `filter` counts within its layer."""

    layer_id: NDArray[np.int32]
    filter: NDArray[np.int32]
    value: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.value)


def top_filters(
    session: Session, *, run_id: int, iteration: int, quantity: str, limit: int = 50
) -> Peaks:
    """Return the filters with the largest values at one snapshot (look-up iteration-filter).

    At most `limit` and at most models.measurements.PEAKS of them; none where the quantity is not
    defined there, as a change is at the first snapshot. Of equal values the lower layer, then
    filter, comes first. NotFound also where the iteration has no snapshot; ValueError where
    `quantity` is none of models.measurements.PEAK_QUANTITIES.
    """
    check_choice(quantity, PEAK_QUANTITIES)
    rows = fetch(
        session,
        "SELECT substring(layer_id FOR 4 * %(limit)s::integer), "
        "substring(filter FOR 4 * %(limit)s::integer), "
        "substring(value FOR 4 * %(limit)s::integer) FROM filter_peak "
        "WHERE run_id = %(run)s AND quantity = %(quantity)s AND iteration = %(iteration)s",
        {
            "run": run_id,
            "quantity": quantity,
            "iteration": iteration,
            "limit": min(max(limit, 0), 2**28),
        },
    )
    if not rows:
        require_run(session, run_id=run_id)
        raise NotFound("snapshot", f"at iteration {iteration} of run {run_id}")
    return Peaks(joined(rows, 0, "i4"), joined(rows, 1, "i4"), joined(rows, 2, "f4"))
