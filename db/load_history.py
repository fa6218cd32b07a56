"""What a run already has, read back by the loader when a snapshot arrives late or again."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.models import snapshot
from db.predictions import block_iterations, read_predictions, rising
from db.raw import Row, fetch
from deeptracker.format import SERIES

# Values of predictions held at once; classes are taken in groups that stay below it.
_AT_ONCE = 50_000_000


def iterations(session: Session, *, run_id: int) -> NDArray[np.int32]:
    """Return the iterations of the run's snapshots, rising, i4 [T]."""
    found = session.scalars(
        select(snapshot.c.iteration)
        .where(snapshot.c.run_id == run_id)
        .order_by(snapshot.c.iteration)
    )
    return np.fromiter(found, np.int32)


def predictions(
    session: Session, *, run_id: int, class_size: NDArray[np.int32], snapshots: int
) -> Iterator[tuple[int, int, NDArray[np.integer[Any]]]]:
    """Yield groups of classes: first, last + 1, predictions [T, images of these classes].

    Images stand class by class, each class's rising; NOT_VALIDATED where a snapshot was not.
    ValueError where a snapshot has no rows.
    """
    for first, last in _groups(class_size, _AT_ONCE // max(1, snapshots)):
        rows = fetch(
            session,
            "SELECT class_id, iteration, iterations, prediction FROM class_result "
            "WHERE run_id = %(run)s AND class_id >= %(first)s AND class_id < %(last)s "
            "ORDER BY class_id, iteration",
            {"run": run_id, "first": first, "last": last},
        )
        parts = [
            _of_class(list(own), images=int(class_size[class_id]))
            for class_id, own in groupby(rows, lambda row: row[0])
        ]
        classes = np.count_nonzero(class_size[first:last])
        if len(parts) != classes or any(len(part) != snapshots for part in parts):
            raise ValueError(f"run {run_id} has class results that do not fit its snapshots")
        if parts:
            yield first, last, np.concatenate(parts, axis=1)


def _of_class(rows: Sequence[Row], *, images: int) -> NDArray[np.integer[Any]]:
    blocks = [block_iterations(row[1], row[2]) for row in rows]
    read = read_predictions(
        [row[3] for row in rows], images=images, snapshots=[len(block) for block in blocks]
    )
    return read[rising(blocks)]


def _groups(class_size: NDArray[np.int32], most: int) -> Iterator[tuple[int, int]]:
    first, images = 0, 0
    for class_id, size in enumerate(class_size):
        if images and images + size > most:
            yield first, class_id
            first, images = class_id, 0
        images += int(size)
    if first < len(class_size):
        yield first, len(class_size)


def last_series(session: Session, *, run_id: int, before: int | None = None) -> dict[str, float]:
    """Return the series' values at the last snapshot (before an iteration); NaN where none is."""
    query = select(*(snapshot.c[name] for name in SERIES)).where(snapshot.c.run_id == run_id)
    if before is not None:
        query = query.where(snapshot.c.iteration < before)
    row = session.execute(query.order_by(snapshot.c.iteration.desc()).limit(1)).one_or_none()
    return dict(zip(SERIES, row or [float("nan")] * len(SERIES), strict=True))


def class_errors(
    session: Session, *, run_id: int, since: int
) -> list[tuple[int, NDArray[np.float32] | None]]:
    """Return (iteration, error of the classes f4 [C] or None) of the snapshots from `since` on."""
    rows = session.execute(
        select(snapshot.c.iteration, snapshot.c.class_error)
        .where(snapshot.c.run_id == run_id, snapshot.c.iteration >= since)
        .order_by(snapshot.c.iteration)
    )
    return [(row.iteration, row.class_error) for row in rows]


def series_pieces(
    session: Session, *, run_id: int, name: str, since: int
) -> dict[int, tuple[NDArray[np.int32], NDArray[np.float64]]]:
    """Return the pieces (iterations, values) of a series by snapshot, from `since` on."""
    rows = fetch(
        session,
        'SELECT iteration, iterations, "values" FROM scalar WHERE run_id = %(run)s '
        "AND name = %(name)s AND iteration >= %(since)s",
        {"run": run_id, "name": name, "since": since},
    )
    return {
        iteration: (np.frombuffer(where, "<i4"), np.frombuffer(values, "<f8"))
        for iteration, where, values in rows
    }


def rewrite_snapshots(
    session: Session, *, run_id: int, rows: Sequence[Mapping[str, object]]
) -> None:
    """Overwrite columns of snapshot rows; every mapping has `at`, the iteration, and the columns.

    All mappings have the same keys.
    """
    if not rows:
        return
    names = [name for name in rows[0] if name != "at"]
    statement = (
        update(snapshot)
        .where(snapshot.c.run_id == bindparam("run"), snapshot.c.iteration == bindparam("at"))
        .values({name: bindparam(f"new_{name}", type_=snapshot.c[name].type) for name in names})
    )
    session.connection().execute(
        statement,
        [
            {"run": run_id, "at": row["at"], **{f"new_{name}": row[name] for name in names}}
            for row in rows
        ],
    )
