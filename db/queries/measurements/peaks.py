"""The most changed filters of an iteration over all layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.queries.runs.existence import require_run, rows_of_run
from db.raw import check_choice, fetch, joined
from deeptracker.catalogue import PEAK_QUANTITIES


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
    `quantity` is not one of catalogue.PEAK_QUANTITIES.
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


@dataclass(frozen=True)
class PeaksOfRun:
    """The peaks of every snapshot of a run: those of snapshot t are start[t]..start[t + 1] - 1.

    `start` i8 [T + 1]; the others [n], within a snapshot the largest value first.
    """

    start: NDArray[np.int64]
    layer_id: NDArray[np.int32]
    filter: NDArray[np.int32]
    value: NDArray[np.float32]


def all_peaks(session: Session, *, run_id: int, quantity: str) -> PeaksOfRun:
    """Return the peaks of all snapshots of a run in order of time: 2 MB at paper scale.

    A snapshot at which the quantity is undefined has none. ValueError where `quantity` is not in
    catalogue.PEAK_QUANTITIES.
    """
    check_choice(quantity, PEAK_QUANTITIES)
    snapshots = rows_of_run(
        session,
        "SELECT iteration FROM snapshot WHERE run_id = %(run)s ORDER BY iteration",
        run_id=run_id,
    )
    stored = fetch(
        session,
        "SELECT layer_id, filter, value, iteration FROM filter_peak "
        "WHERE run_id = %(run)s AND quantity = %(quantity)s",
        {"run": run_id, "quantity": quantity},
    )
    at = {row[3]: row for row in stored}
    rows = [at.get(iteration, (b"", b"", b"")) for (iteration,) in snapshots]
    start = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row[0]) // 4 for row in rows], out=start[1:])
    return PeaksOfRun(start, joined(rows, 0, "i4"), joined(rows, 1, "i4"), joined(rows, 2, "f4"))


def peaks_between(session: Session, *, run_id: int, after: int, until: int, quantity: str) -> Peaks:
    """Return the peaks of the snapshots after an iteration and up to another, one after the other.

    In order of time, within a snapshot the largest value first. ValueError as of `all_peaks`.
    """
    check_choice(quantity, PEAK_QUANTITIES)
    rows = fetch(
        session,
        "SELECT layer_id, filter, value FROM filter_peak WHERE run_id = %(run)s "
        "AND quantity = %(quantity)s AND iteration > %(after)s AND iteration <= %(until)s "
        "ORDER BY iteration",
        {"run": run_id, "quantity": quantity, "after": after, "until": until},
    )
    return Peaks(joined(rows, 0, "i4"), joined(rows, 1, "i4"), joined(rows, 2, "f4"))


def top_filters_at(
    session: Session, *, run_id: int, iterations: Sequence[int], quantity: str, limit: int = 50
) -> list[Peaks]:
    """Return what `top_filters` does for each of some snapshots, with one query.

    NotFound where one of the iterations has no snapshot; ValueError as there.
    """
    check_choice(quantity, PEAK_QUANTITIES)
    rows = fetch(
        session,
        "SELECT iteration, substring(layer_id FOR 4 * %(limit)s::integer), "
        "substring(filter FOR 4 * %(limit)s::integer), "
        "substring(value FOR 4 * %(limit)s::integer) FROM filter_peak "
        "WHERE run_id = %(run)s AND quantity = %(quantity)s AND iteration = ANY(%(at)s)",
        {
            "run": run_id,
            "quantity": quantity,
            "at": [at for at in iterations if at < 2**31],
            "limit": min(max(limit, 0), 2**28),
        },
    )
    found = {row[0]: row for row in rows}
    missing = next((at for at in iterations if at not in found), None)
    if missing is not None:
        require_run(session, run_id=run_id)
        raise NotFound("snapshot", f"at iteration {missing} of run {run_id}")
    wanted = [[found[at]] for at in iterations]
    return [Peaks(joined(r, 1, "i4"), joined(r, 2, "i4"), joined(r, 3, "f4")) for r in wanted]
