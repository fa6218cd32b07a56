"""What became of all images of a run at one snapshot, and what tells its validation set."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.predictions import read_predictions, read_probabilities
from db.queries.measurements.class_results import results_of_classes
from db.queries.runs.existence import require_run
from db.queries.runs.runs import run_manifest
from db.raw import fetch
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
    classes = fetch(
        session, "SELECT class_id, images FROM class WHERE run_id = %(run)s", {"run": run_id}
    )
    if not classes:
        require_run(session, run_id=run_id)
    stored = results_of_classes(
        session, run_id=run_id, iteration=iteration, classes=[row[0] for row in classes]
    )
    number = sum(len(images) for _, images in classes) // 4
    found = Results(
        np.full(number, -1, np.int32),
        np.full(number, -1, np.int32),
        np.full(number, NO_PREDICTION, np.int32),
        np.full(number, np.nan, np.float32),
    )
    for class_id, images in classes:
        ids = np.frombuffer(images, "<i4")
        found.image_class[ids] = class_id
        found.position[ids] = np.arange(len(ids))
        if class_id in stored and len(ids):
            prediction, probability = stored[class_id]
            found.prediction[ids] = read_predictions([prediction], images=len(ids))[0]
            found.probability[ids] = read_probabilities([probability], images=len(ids))[0]
    return found


def images_digest(session: Session, *, run_id: int) -> str:
    """Return what the log says to tell one validation set from another; empty: it does not."""
    images = run_manifest(session, run_id=run_id).get("images")
    return str(images.get("digest") or "") if isinstance(images, dict) else ""
