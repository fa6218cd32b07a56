"""What became of every image of a class over time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.predictions import read_predictions, read_probabilities
from db.queries.runs.existence import require_run
from db.raw import fetch


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
    rows = fetch(
        session,
        "SELECT -1 AS iteration, images, NULL::bytea FROM class "
        "WHERE run_id = %(run)s AND class_id = %(class)s "
        "UNION ALL SELECT iteration, prediction, probability FROM class_result "
        "WHERE run_id = %(run)s AND class_id = %(class)s ORDER BY iteration",
        {"run": run_id, "class": class_id},
    )
    if not rows or rows[0][0] != -1:
        require_run(session, run_id=run_id)
        raise NotFound("class", f"{class_id} in run {run_id}")
    images = np.frombuffer(rows[0][1], "<i4")
    results = rows[1:]
    number = len(images)
    prediction = read_predictions([row[1] for row in results], images=number)
    probability = read_probabilities([row[2] for row in results], images=number)
    return ClassImages(
        images=images,
        prediction=np.ascontiguousarray(prediction.T),
        probability=np.ascontiguousarray(probability.T),
    )
