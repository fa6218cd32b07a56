"""What became of every image of a class over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.predictions import read_predictions, read_probabilities
from db.queries.runs.existence import require_run
from db.raw import fetch

# The classes are named, so that the index finds each row: the iteration is last in it.
_OF_CLASSES = sql.SQL(
    "SELECT {columns} FROM class_result WHERE run_id = %(run)s AND class_id = ANY(%(classes)s) "
    "AND iteration = %(iteration)s ORDER BY class_id"
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
    found = fetch(
        session,
        "SELECT images FROM class WHERE run_id = %(run)s AND class_id = %(class)s",
        {"run": run_id, "class": class_id},
    )
    if not found:
        require_run(session, run_id=run_id)
        raise NotFound("class", f"{class_id} in run {run_id}")
    results = fetch(
        session,
        "SELECT prediction, probability FROM class_result "
        "WHERE run_id = %(run)s AND class_id = %(class)s ORDER BY iteration",
        {"run": run_id, "class": class_id},
    )
    images = np.frombuffer(found[0][0], "<i4")
    number = len(images)
    prediction = read_predictions([row[0] for row in results], images=number)
    probability = read_probabilities([row[1] for row in results], images=number)
    return ClassImages(
        images=images,
        prediction=np.ascontiguousarray(prediction.T),
        probability=np.ascontiguousarray(probability.T),
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
    wanted = [sql.Identifier(name) for name in ("class_id", *columns)]
    rows = fetch(
        session,
        _OF_CLASSES.format(columns=sql.SQL(", ").join(wanted)),
        {"run": run_id, "iteration": iteration, "classes": list(classes)},
    )
    return {row[0]: row[1:] for row in rows}


def class_sizes(session: Session, *, run_id: int) -> dict[int, int]:
    """Return the number of images of each class of a run, rising by class; none without classes."""
    rows = fetch(
        session,
        "SELECT class_id, image_count FROM class WHERE run_id = %(run)s ORDER BY class_id",
        {"run": run_id},
    )
    return dict(rows)
