"""What the images of every class are predicted as at one snapshot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.predictions import read_predictions
from db.queries.measurements.class_results import class_sizes, results_of_classes
from db.queries.runs.existence import require_run
from db.raw import fetch
from deeptracker.format import NOT_VALIDATED


@dataclass(frozen=True)
class Mistakes:
    """Which classes are predicted as which others: i4 [n], the most images first.

    `images` of the class `class_id` are predicted as `predicted`, or have NO_PREDICTION; pairs
    without any are left out, so right images are too.
    """

    class_id: NDArray[np.int32]
    predicted: NDArray[np.int32]
    images: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.images)


def mistakes(
    session: Session, *, run_id: int, iteration: int, class_id: int | None = None
) -> Mistakes:
    """Return the wrong predictions of one snapshot; none where it was not validated.

    With `class_id` the pairs in which it is one of the two. Ties by class, then by what it is
    predicted as. NotFound where there is no such snapshot.
    """
    images = class_sizes(session, run_id=run_id)
    results = results_of_classes(
        session,
        run_id=run_id,
        iteration=iteration,
        classes=list(images),
        columns=["prediction"],
    )
    if not results:
        _require_snapshot(session, run_id=run_id, iteration=iteration)
    found: list[tuple[int, int, int]] = []
    for own, (stored,) in results.items():
        prediction = read_predictions([stored], images=images[own]).astype(np.int32)
        partners, counts = np.unique(prediction, return_counts=True)
        wrong = (partners != own) & (partners != NOT_VALIDATED)
        if class_id not in (None, own):
            wrong &= partners == class_id
        pairs = zip(partners[wrong].tolist(), counts[wrong].tolist(), strict=True)
        found += [(-count, own, partner) for partner, count in pairs]
    counted = np.array(sorted(found), np.int32).reshape(-1, 3)
    return Mistakes(counted[:, 1], counted[:, 2], -counted[:, 0])


def _require_snapshot(session: Session, *, run_id: int, iteration: int) -> None:
    rows = fetch(
        session,
        "SELECT 1 FROM snapshot WHERE run_id = %(run)s AND iteration = %(iteration)s",
        {"run": run_id, "iteration": iteration},
    )
    if not rows:
        require_run(session, run_id=run_id)
        raise NotFound("snapshot", f"at iteration {iteration} of run {run_id}")
