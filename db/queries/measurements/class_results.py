"""What became of every image of a class over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.predictions import block_iterations, read_predictions, read_probabilities, rising
from db.queries.runs.existence import require_run
from db.raw import Row, fetch

# Every class has the same blocks: those of the last one, which is where the index ends. Where they
# overlap, that of a snapshot need not be the last.
_BLOCKS_BEFORE = sql.SQL(
    "SELECT iteration, iterations, class_id FROM class_result WHERE run_id = %(run)s {of_class} "
    "AND iteration <= %(iteration)s ORDER BY class_id DESC, iteration DESC LIMIT %(most)s"
)
_LAST_BLOCKS = _BLOCKS_BEFORE.format(of_class=sql.SQL(""))
_ALL_BLOCKS = _BLOCKS_BEFORE.format(of_class=sql.SQL("AND class_id = %(class)s"))
_FEW, _ALL = 4, 2**31 - 1
# The classes are named, so that the index finds each row: the iteration is last in it.
_OF_CLASSES = sql.SQL(
    "SELECT class_id, {columns} FROM class_result WHERE run_id = %(run)s "
    "AND class_id = ANY(%(classes)s) AND iteration = %(block)s ORDER BY class_id"
)
# Of an array on its own pages only those of the one snapshot are read.
_PART = sql.SQL(
    "substring({0} FROM octet_length({0}) / %(number)s * %(place)s + 1 "
    "FOR octet_length({0}) / %(number)s)"
)


@dataclass(frozen=True)
class ClassImages:
    """The images of one class.

    `images` i4 [n] are their ids, rising; `prediction` [n, T] its predicted class, u2, or i4 where
    that does not hold it: NO_PREDICTION, NOT_VALIDATED, or 65,536 classes and more; `probability`
    f2 [n, T] that of the true class (NaN: the network gave none, or was not validated there).
    """

    images: NDArray[np.int32]
    prediction: NDArray[np.integer[Any]]
    probability: NDArray[np.float16]


def class_images(session: Session, *, run_id: int, class_id: int) -> ClassImages:
    """Return what became of every image of a class (look-up class-image).

    A class without images has matrices [0, 0].
    """
    return images_of_classes(session, run_id=run_id, classes=[class_id])[0]


def images_of_classes(
    session: Session, *, run_id: int, classes: Sequence[int]
) -> list[ClassImages]:
    """Return what became of every image of some classes, rising, as class_images does."""
    wanted = {"run": run_id, "classes": list(classes)}
    found = fetch(
        session,
        "SELECT class_id, images FROM class WHERE run_id = %(run)s AND class_id = ANY(%(classes)s)",
        wanted,
    )
    images = {class_id: np.frombuffer(own, "<i4") for class_id, own in found}
    for class_id in classes:
        if class_id not in images:
            require_run(session, run_id=run_id)
            raise NotFound("class", f"{class_id} in run {run_id}")
    results = fetch(
        session,
        "SELECT class_id, iteration, iterations, prediction, probability FROM class_result "
        "WHERE run_id = %(run)s AND class_id = ANY(%(classes)s) ORDER BY class_id, iteration",
        wanted,
    )
    rows = {class_id: list(own) for class_id, own in groupby(results, lambda row: row[0])}
    return [_of_class(images[one], rows.get(one, ())) for one in classes]


def _of_class(images: NDArray[np.int32], rows: Sequence[Row]) -> ClassImages:
    number = len(images)
    blocks = [block_iterations(row[1], row[2]) for row in rows]
    sizes, order = [len(block) for block in blocks], rising(blocks)
    prediction = read_predictions([row[3] for row in rows], images=number, snapshots=sizes)
    probability = read_probabilities([row[4] for row in rows], images=number, snapshots=sizes)
    return ClassImages(
        images=images,
        prediction=np.ascontiguousarray(prediction[order].T),
        probability=np.ascontiguousarray(probability[order].T),
    )


def results_of_classes(
    session: Session,
    *,
    run_id: int,
    iteration: int,
    classes: Sequence[int],
    columns: Sequence[str] = ("prediction", "probability"),
) -> dict[int, tuple[bytes, ...]]:
    """Return what is stored of the results of some classes at one snapshot, by class.

    As `db.predictions` reads them; rising by class. Empty where there is no such snapshot.
    """
    query = _OF_CLASSES.format(
        columns=sql.SQL(", ").join(_PART.format(sql.Identifier(name)) for name in columns)
    )
    block = _block_of(session, run_id, iteration)
    while block is not None:
        first, number, place = block
        asked = {"run": run_id, "block": first, "number": number, "place": place}
        rows = fetch(session, query, {**asked, "classes": list(classes)})
        # Whoever reads without a snapshot of the store may find that blocks were joined meanwhile.
        before, block = block, None if rows else _block_of(session, run_id, iteration)
        if block in (None, before):
            return {row[0]: row[1:] for row in rows}
    return {}


def _block_of(session: Session, run_id: int, iteration: int) -> tuple[int, int, int] | None:
    """Return the first iteration of a snapshot's block, its number of snapshots, and the place."""
    wanted = {"run": run_id, "iteration": iteration}
    rows = fetch(session, _LAST_BLOCKS, {**wanted, "most": _FEW})
    found = _among(rows, iteration)
    if found is None and len(rows) == _FEW:
        of_class = {**wanted, "class": rows[0][2], "most": _ALL}
        found = _among(fetch(session, _ALL_BLOCKS, of_class), iteration)
    return found


def _among(rows: Sequence[Row], iteration: int) -> tuple[int, int, int] | None:
    for first, listed, _ in rows:
        block = block_iterations(first, listed)
        place = int(np.searchsorted(block, iteration))
        if place < len(block) and block[place] == iteration:
            return first, len(block), place
    return None


def class_sizes(session: Session, *, run_id: int) -> dict[int, int]:
    """Return the number of images of each class of a run, rising by class; none without classes."""
    rows = fetch(
        session,
        "SELECT class_id, image_count FROM class WHERE run_id = %(run)s ORDER BY class_id",
        {"run": run_id},
    )
    return dict(rows)
