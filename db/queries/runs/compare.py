"""What became of all images of a run at one snapshot, and what tells its validation set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.predictions import read_classes, read_predictions, read_probabilities
from db.queries.measurements.class_results import results_of_classes
from db.queries.runs.existence import rows_of_run
from db.queries.runs.runs import run_manifest
from db.raw import Row, joined
from deeptracker.format import NO_PREDICTION, NOT_VALIDATED


@dataclass(frozen=True)
class Results:
    """All validation images at one snapshot, by image id, each array [N].

    `image_class` i4 is the true class, `position` i4 the place among the images of the class,
    `prediction` i4 its predicted class, NOT_VALIDATED or NO_PREDICTION (also where there is no
    such snapshot), `probability` f4 that of the true class (NaN: not known).
    """

    image_class: NDArray[np.int32]
    position: NDArray[np.int32]
    prediction: NDArray[np.int32]
    probability: NDArray[np.float32]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each image is classified correctly, [N]."""
        return self.prediction == self.image_class

    @property
    def validated(self) -> bool:
        """Whether the network was asked at all."""
        return bool((self.prediction != NOT_VALIDATED).any())


def results_at(session: Session, *, run_id: int, iteration: int) -> Results:
    """Return the results of every image at the snapshot of an iteration."""
    classes = rows_of_run(
        session,
        "SELECT class_id, images FROM class WHERE run_id = %(run)s ORDER BY class_id",
        run_id=run_id,
    )
    sizes = np.fromiter((len(images) // 4 for _, images in classes), np.int64, len(classes))
    ids = joined(classes, 1, "i4")
    blank = np.full(len(ids), -1, np.int32)
    found = Results(blank, blank.copy(), *_unknown(len(ids)))
    found.image_class[ids] = np.repeat([class_id for class_id, _ in classes], sizes)
    found.position[ids] = np.arange(len(ids)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    prediction, probability = _stored(session, run_id, iteration, classes, sizes)
    found.prediction[ids] = prediction
    found.probability[ids] = probability
    return found


def _unknown(images: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    return np.full(images, NO_PREDICTION, np.int32), np.full(images, np.nan, np.float32)


def _stored(
    session: Session,
    run_id: int,
    iteration: int,
    classes: Sequence[Row],
    sizes: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return predictions and probabilities [N], one class after the other."""
    stored = results_of_classes(
        session, run_id=run_id, iteration=iteration, classes=[row[0] for row in classes]
    )
    rows = [stored.get(class_id, (b"", b"")) for class_id, _ in classes]
    if all(row[0] or not size for row, size in zip(rows, sizes.tolist(), strict=True)):
        known = read_classes([row[0] for row in rows], images=sizes.tolist())
        given = read_probabilities([joined(rows, 1, "i1").tobytes()], images=len(known))
        return known, given[0].astype(np.float32)
    prediction, probability = _unknown(int(sizes.sum()))
    ends = np.cumsum(sizes).tolist()
    for (class_id, _), size, end in zip(classes, sizes.tolist(), ends, strict=True):
        if class_id in stored and size:
            part = slice(end - size, end)
            prediction[part] = read_predictions([stored[class_id][0]], images=size)[0]
            probability[part] = read_probabilities([stored[class_id][1]], images=size)[0]
    return prediction, probability


def images_digest(session: Session, *, run_id: int) -> str:
    """Return what the log says to tell one validation set from another; empty: it does not."""
    images = run_manifest(session, run_id=run_id).get("images")
    return str(images.get("digest") or "") if isinstance(images, dict) else ""
