"""What the images of a class are predicted as, over time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import NO_PREDICTION, NOT_VALIDATED


@dataclass(frozen=True)
class Partners:
    """The classes that one class is predicted as most: `class_id` i4 [P], `count` i4 [P, T].

    `count` is the number of images of the class predicted as that partner at the snapshot, -1 where
    it was not validated; partners come in falling order of their sum over all snapshots, ties by
    class id. Where images have no prediction, NO_PREDICTION is the first of them.
    """

    class_id: NDArray[np.int32]
    count: NDArray[np.int32]


def confusion_partners(
    prediction: NDArray[np.integer[Any]], *, class_id: int, most: int = 8
) -> Partners:
    """Return up to `most` partners from the predictions [n, T] of the images of `class_id`."""
    snapshots = prediction.shape[1]
    missing = prediction == NOT_VALIDATED
    wrong = (prediction != class_id) & ~missing
    found, total = np.unique(prediction[wrong], return_counts=True)
    order = np.lexsort((found, -total, found != NO_PREDICTION))
    chosen = found[order][:most].astype(np.int32)
    count = np.zeros((len(chosen), snapshots), dtype=np.int32)
    for row, partner in enumerate(chosen):
        count[row] = (prediction == partner).sum(axis=0)
    count[:, missing.any(axis=0)] = -1
    return Partners(chosen, count)
