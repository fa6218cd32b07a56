"""What the series of a run come to (last, least, greatest, mean), kept while it is loaded.

A batch that comes after all that is stored is added to the rows there are; whatever else changed,
they are made again from the whole series.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.load import loader_key
from db.measured_rows import Array, MeasuredRow
from db.models import Run, scalar, scalar_summary
from db.raw import driver_connection, raw_cursor

# Iterations and values of some snapshots.
Pieces = Iterable[tuple[Array, Array]]

# The first value of a batch must come after the last one of before, and there must be rows if there
# was anything to summarise.
_FITS = """
    SELECT NOT EXISTS (
        SELECT FROM unnest(%(names)s::text[], %(first)s::integer[]) AS new(name, first)
        JOIN scalar_summary AS s ON s.run_id = %(run)s AND s.name = new.name
        WHERE new.first <= s.last_iteration
    ) AND (EXISTS (SELECT FROM scalar_summary WHERE run_id = %(run)s) OR NOT EXISTS (
        SELECT FROM scalar WHERE run_id = %(run)s AND iteration < %(begin)s))
"""
_ADD = """
    INSERT INTO scalar_summary AS s
        (run_id, name, last_iteration, last, least, greatest, mean, count)
    SELECT %(run)s, * FROM unnest(%(names)s::text[], %(end)s::integer[],
        %(last)s::double precision[], %(least)s::double precision[],
        %(greatest)s::double precision[], %(mean)s::double precision[], %(count)s::bigint[])
    ON CONFLICT (run_id, name) DO UPDATE SET
        last_iteration = excluded.last_iteration,
        last = excluded.last,
        least = least(s.least, excluded.least),
        greatest = greatest(s.greatest, excluded.greatest),
        mean = CASE WHEN s.count = 0 THEN excluded.mean WHEN excluded.count = 0 THEN s.mean
            ELSE s.mean + (excluded.mean - s.mean) * (excluded.count::double precision
                / (s.count + excluded.count)) END,
        count = s.count + excluded.count
"""
_NAMES_AT_ONCE = 1_000


def add_to_summary(session: Session, *, run_id: int, rows: Sequence[MeasuredRow]) -> None:
    """Add a batch of snapshots, rising by iteration and after all stored ones, which is stored."""
    pieces: dict[str, list[tuple[Array, Array]]] = {}
    for row in rows:
        for name, series in row.snapshot.scalars.items():
            pieces.setdefault(name, []).append((series.iterations, series.values))
    found = [one for one in (_summary(name, parts) for name, parts in pieces.items()) if one]
    if not found:
        return
    with raw_cursor(session) as cursor:
        given = _columns(run_id, found)
        begin = {"begin": rows[0].snapshot.iteration}
        fits = cursor.execute(_FITS, given | begin).fetchone()
        if fits and fits[0]:
            cursor.execute(_ADD, given)
            return
    summarise(session, run_id=run_id)


def summarise(session: Session, *, run_id: int) -> None:
    """Make the summaries of a run's series again from all that is stored of them."""
    session.execute(delete(scalar_summary).where(scalar_summary.c.run_id == run_id))
    found = []
    for name, pieces in groupby(_stored(session, run_id), key=lambda row: row[0]):
        summary = _summary(name, ((i, v) for _, i, v in pieces))
        found += [summary] if summary else []
        if len(found) >= _NAMES_AT_ONCE:
            _insert(session, run_id, found)
            found = []
    _insert(session, run_id, found)


def not_summarised(session: Session, *, most: int) -> list[tuple[int, int]]:
    """Return runs that have series but no summary of them: an older release has loaded them.

    With each comes the key of the lock that who loads it holds.
    """
    values = func.octet_length(scalar.c["values"])
    has = select(scalar.c.run_id).where(scalar.c.run_id == Run.id, values > 0).exists()
    done = select(scalar_summary.c.run_id).where(scalar_summary.c.run_id == Run.id).exists()
    found = select(Run.id, Run.uuid).where(has, ~done).order_by(Run.id.desc()).limit(most)
    return [(run_id, loader_key(uuid.hex)) for run_id, uuid in session.execute(found)]


def lock_summary(session: Session, *, key: int) -> bool:
    """Return whether nobody loads the run of this key, nor will before the transaction ends."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(key))))


_Summary = tuple[str, int, int, float, float | None, float | None, float | None, int]


def _summary(name: str, pieces: Pieces) -> _Summary | None:
    """Return name, first and last iteration, last, least, greatest and mean value, finite ones.

    None for a series without values. What came with a later piece replaces an earlier one; where
    pieces overlap, the first iteration is -1: it comes after nothing.
    """
    parts = list(pieces)
    iterations = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts]).astype(np.float64, copy=False)
    if not len(values):
        return None
    first = int(iterations[0])
    if not (np.diff(iterations) > 0).all():
        order = np.argsort(iterations, kind="stable")
        last = np.append(np.diff(iterations[order]) > 0, True)
        iterations, values, first = iterations[order][last], values[order][last], -1
    finite = values[np.isfinite(values)]
    least, greatest, mean = None, None, None
    if len(finite):
        least, greatest = float(finite.min()), float(finite.max())
        # Halved: the sum of two large numbers may be infinite.
        mean = float(2 * np.mean(finite / 2))
    return (name, first, int(iterations[-1]), float(values[-1]), least, greatest, mean, len(finite))


def _columns(run_id: int, found: Sequence[_Summary]) -> dict[str, object]:
    names = ("names", "first", "end", "last", "least", "greatest", "mean", "count")
    columns = map(list, zip(*found, strict=True))
    return {"run": run_id, **dict(zip(names, columns, strict=True))}


def _insert(session: Session, run_id: int, found: Sequence[_Summary]) -> None:
    if found:
        with raw_cursor(session) as cursor:
            cursor.execute(_ADD, _columns(run_id, found))


def _stored(session: Session, run_id: int) -> Iterator[tuple[str, Array, Array]]:
    """Yield the pieces of all series, name by name, rising by the snapshot they came with."""
    # A cursor of the server's: a long run has more than should be in memory at once.
    query = (
        'SELECT name, iterations, "values" FROM scalar WHERE run_id = %s ORDER BY name, iteration'
    )
    connection = driver_connection(session)
    with connection.cursor("series", binary=True) as cursor:
        cursor.itersize = 5_000
        cursor.execute(query, (run_id,))
        for name, iterations, values in cursor:
            yield name, np.frombuffer(iterations, "<i4"), np.frombuffer(values, "<f8")
