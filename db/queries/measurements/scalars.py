"""Series of scalars at full resolution, as the script logged them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.queries.measurements.snapshots import Snapshots
from db.queries.runs.existence import require_run, rows_of_run
from db.raw import Row, fetch, joined
from deeptracker.format import SERIES

_WHOLE = (
    'SELECT "values", iterations '
    "FROM scalar WHERE run_id = %(run)s AND name = %(name)s ORDER BY iteration"
)
_ENDS = (
    'SELECT "values", substring(iterations FOR 4), '
    "substring(iterations FROM octet_length(iterations) - 3) "
    "FROM scalar WHERE run_id = %(run)s AND name = %(name)s ORDER BY iteration"
)


@dataclass(frozen=True)
class Scalar:
    """One series: `iterations` i4 [n], rising, `values` f8 [n], NaN and infinities as logged."""

    iterations: NDArray[np.int32]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)


def scalar_names(session: Session, *, run_id: int) -> tuple[str, ...]:
    """Return the names of all series of a run, sorted."""
    # From one name to the next by the index: a plain DISTINCT reads a row per name and snapshot.
    rows = rows_of_run(
        session,
        "WITH RECURSIVE found AS ("
        "(SELECT name FROM scalar WHERE run_id = %(run)s ORDER BY name LIMIT 1) UNION ALL "
        "SELECT (SELECT s.name FROM scalar AS s WHERE s.run_id = %(run)s AND s.name > found.name "
        "ORDER BY s.name LIMIT 1) FROM found WHERE found.name IS NOT NULL"
        ") SELECT name FROM found WHERE name IS NOT NULL",
        run_id=run_id,
    )
    return tuple(row[0] for row in rows)


def scalar(session: Session, *, run_id: int, name: str) -> Scalar:
    """Return one series at full resolution: 14 MB for 1.2 million iterations.

    Where a run went back to an earlier checkpoint and logged an iteration again, the value that
    came with the later snapshot counts. NotFound also for a series that the run does not have.
    """
    key = {"run": run_id, "name": name}
    rows = fetch(session, _ENDS, key)
    if not rows:
        require_run(session, run_id=run_id)
        raise NotFound("series", f"{name!r} in run {run_id}")
    iterations, values = _without_gaps(rows), joined(rows, 0, "f8")
    if iterations is None:
        # Values too: since the first question more may have been stored.
        rows = fetch(session, _WHOLE, key)
        iterations, values = joined(rows, 1, "i4"), joined(rows, 0, "f8")
    return once(iterations, values)


def once(iterations: NDArray[np.int32], values: NDArray[np.float64]) -> Scalar:
    """Return a series of pieces one after the other: of an iteration the last value counts."""
    if (iterations[1:] > iterations[:-1]).all():
        return Scalar(iterations, values)
    order = np.argsort(iterations, kind="stable")
    last = np.append(np.diff(iterations[order]) > 0, True)
    return Scalar(iterations[order][last], values[order][last])


def of_snapshots(at: Snapshots, name: str) -> Scalar:
    """Return a series that was not logged as what the snapshots say of it.

    Those say it of SERIES alone, with NaN where it was not recorded; there is no value then.
    """
    values = getattr(at, name) if name in SERIES else np.zeros(0)
    known = ~np.isnan(values)
    return Scalar(at.iteration[: len(values)][known], values[known])


def _without_gaps(rows: Sequence[Row]) -> NDArray[np.int32] | None:
    """Return the iterations of rows (values, first, last), None where a row leaves some out.

    Most scripts log at every iteration: then first and last say it all, and a third of a long
    series, 5 MB of a million values, need not be read. Those of a row rise (see the log's reader).
    """
    filled = [row for row in rows if row[0]]
    first, last = joined(filled, 1, "i4"), joined(filled, 2, "i4")
    count = np.array([len(row[0]) // 8 for row in filled], np.int32)
    if (last.astype(np.int64) - first + 1 != count).any():
        return None
    if len(filled) and (first[1:] == last[:-1] + 1).all():
        return np.arange(first[0], last[-1] + 1, dtype=np.int32)
    begins = np.cumsum(count, dtype=np.int32) - count
    return np.repeat(first - begins, count) + np.arange(count.sum(), dtype=np.int32)
