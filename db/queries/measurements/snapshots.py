"""The snapshots of a run: when they were, what validation found, which images flipped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.queries.runs.existence import require_class, rows_of_run
from db.raw import across, fetch, fetch_some, joined, numbers
from deeptracker.format import SERIES

# Snapshots whose errors of classes are read together.
_AT_ONCE = 128
_REAL = ("epoch", "recorded_at", *SERIES)


@dataclass(frozen=True)
class Snapshots:
    """The snapshots of a run, each array [T].

    `recorded_at` is in seconds since 1970 (UTC); NaN: not recorded. `transitions` i4 [T, 4] counts
    images wrong -> right, right -> wrong, right -> right, wrong -> wrong since the snapshot before;
    -1 at the first snapshot and where nothing is validated.
    """

    iteration: NDArray[np.int32]
    epoch: NDArray[np.float64]
    recorded_at: NDArray[np.float64]
    learning_rate: NDArray[np.float64]
    train_loss: NDArray[np.float64]
    train_error: NDArray[np.float64]
    validation_loss: NDArray[np.float64]
    validation_error: NDArray[np.float64]
    transitions: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.iteration)


@dataclass(frozen=True)
class Flips:
    """All flips of a run, each array [flips], the earliest first.

    `snapshot` is the place 0..T-1 of the snapshot (not its iteration), `before` the number of
    snapshots of the constant run that ended, `learned` 1 for wrong -> right.
    """

    snapshot: NDArray[np.int32]
    image: NDArray[np.int32]
    before: NDArray[np.int32]
    learned: NDArray[np.uint8]


def snapshots(session: Session, *, run_id: int) -> Snapshots:
    """Return the snapshots of a run."""
    rows = rows_of_run(
        session,
        "SELECT iteration, epoch, recorded_at, learning_rate, train_loss, train_error, "
        "validation_loss, validation_error, coalesce(n_to_y, -1), coalesce(y_to_n, -1), "
        "coalesce(y_to_y, -1), coalesce(n_to_n, -1) "
        "FROM snapshot WHERE run_id = %(run)s ORDER BY iteration",
        run_id=run_id,
    )
    real = {name: numbers(rows, place, "f8") for place, name in enumerate(_REAL, start=1)}
    counts = [numbers(rows, place, "i4") for place in range(8, 12)]
    return Snapshots(iteration=numbers(rows, 0, "i4"), transitions=np.stack(counts, axis=1), **real)


def iterations(session: Session, *, run_id: int) -> NDArray[np.int32]:
    """Return the iterations of a run's snapshots, rising, i4 [T]."""
    rows = rows_of_run(
        session,
        "SELECT iteration FROM snapshot WHERE run_id = %(run)s ORDER BY iteration",
        run_id=run_id,
    )
    return numbers(rows, 0, "i4")


def class_errors(session: Session, *, run_id: int) -> NDArray[np.float32]:
    """Return the error of every class, a share 0..1, f4 [C, T].

    NaN: a class without images, or a snapshot that was not validated. [0, T] where the run
    validates nothing.
    """
    blocks = list(class_error_blocks(session, run_id=run_id))
    if not blocks:
        count = fetch(session, "SELECT class_count FROM run WHERE id = %(run)s", {"run": run_id})
        if not count:
            raise NotFound("run", run_id)
        return np.empty((count[0][0], 0), np.float32)
    return np.concatenate(blocks, axis=1)


def class_error_blocks(session: Session, *, run_id: int) -> Iterator[NDArray[np.float32]]:
    """Yield what class_errors returns some snapshots at a time, f4 [C, n]; nothing for no run."""
    rows = fetch_some(
        session,
        "SELECT coalesce(class_error, '') FROM snapshot WHERE run_id = %(run)s ORDER BY iteration",
        {"run": run_id},
        at_once=_AT_ONCE,
    )
    for some in rows:
        yield across(some, 0, "f4")


def class_error(session: Session, *, run_id: int, class_id: int) -> NDArray[np.float32]:
    """Return the error of one class, a share 0..1, f4 [T]; NaN: no images, or not validated."""
    rows = fetch(
        session,
        "SELECT substring(class_error FROM 4 * %(class)s::integer + 1 FOR 4) FROM snapshot "
        "WHERE run_id = %(run)s ORDER BY iteration",
        {"run": run_id, "class": class_id if 0 <= class_id < 2**28 else 2**28},
    )
    if not rows or not rows[0][0]:
        require_class(session, run_id=run_id, class_id=class_id)
    return joined(rows, 0, "f4")


def class_errors_at(
    session: Session, *, run_id: int, iterations: Sequence[int]
) -> list[NDArray[np.float32]]:
    """Return the error of every class at some snapshots, f4 [C] each, as class_errors does.

    [0] at an iteration at which there is no snapshot, or where nothing was ever validated.
    """
    rows = fetch(
        session,
        "SELECT iteration, coalesce(class_error, '') FROM snapshot "
        "WHERE run_id = %(run)s AND iteration = ANY(%(iterations)s)",
        {"run": run_id, "iterations": list(iterations)},
    )
    found = {iteration: np.frombuffer(data, "<f4") for iteration, data in rows}
    return [found.get(iteration, np.zeros(0, np.float32)) for iteration in iterations]


def class_no_predictions(session: Session, *, run_id: int) -> NDArray[np.int32]:
    """Return how many images of every class had no prediction, i4 [C, T]; they count as wrong.

    0 where nothing was validated.
    """
    count = fetch(session, "SELECT class_count FROM run WHERE id = %(run)s", {"run": run_id})
    if not count:
        raise NotFound("run", run_id)
    rows = fetch(
        session,
        "SELECT coalesce(class_no_prediction, '') FROM snapshot "
        "WHERE run_id = %(run)s ORDER BY iteration",
        {"run": run_id},
    )
    found = np.zeros((count[0][0], len(rows)), np.int32)
    for column, (data,) in enumerate(rows):
        if data:
            found[:, column] = np.frombuffer(data, "<i4")
    return found


def flips(session: Session, *, run_id: int) -> Flips:
    """Return all flips of a run: about 3 million, 27 MB, at paper scale."""
    rows = rows_of_run(
        session,
        "SELECT flip_image, flip_before, flip_learned FROM snapshot "
        "WHERE run_id = %(run)s ORDER BY iteration",
        run_id=run_id,
    )
    counts = np.fromiter((len(row[2]) for row in rows), np.int64, len(rows))
    return Flips(
        snapshot=np.repeat(np.arange(len(rows), dtype=np.int32), counts),
        image=joined(rows, 0, "i4"),
        before=joined(rows, 1, "i4"),
        learned=joined(rows, 2, "u1"),
    )


def flipped_images(session: Session, *, run_id: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return `snapshot` and `image` of what flips returns, in half the bytes."""
    rows = rows_of_run(
        session,
        "SELECT flip_image FROM snapshot WHERE run_id = %(run)s ORDER BY iteration",
        run_id=run_id,
    )
    counts = np.fromiter((len(row[0]) // 4 for row in rows), np.int64, len(rows))
    return np.repeat(np.arange(len(rows), dtype=np.int32), counts), joined(rows, 0, "i4")


def correct_now(session: Session, *, run_id: int) -> NDArray[np.uint8]:
    """Return whether each image is classified correctly at the last snapshot, u1 [N].

    All 0 while there is no snapshot.
    """
    rows = fetch(
        session,
        "SELECT image_count, correct FROM run LEFT JOIN flip_state ON run_id = id "
        "WHERE id = %(run)s",
        {"run": run_id},
    )
    if not rows:
        raise NotFound("run", run_id)
    if rows[0][1] is None:
        return np.zeros(rows[0][0], np.uint8)
    return joined(rows, 1, "u1")
