"""Tables of what is worth a look among the validation images, for people and for other tools."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.data import data_review as data
from app.export.columns import Columns, known, texts
from db.queries.runs import structure
from db.queries.team.image_reviews import ReviewRow, reviews
from deeptracker.format import NO_PREDICTION
from ingest.analysis.data_review.history import NEVER
from ingest.analysis.data_review.lists import LISTS


@dataclass(frozen=True)
class _Table:
    """What all tables are made of, in the order of the images [N]."""

    images: data.Images
    names: tuple[str | None, ...]
    decided: dict[int, ReviewRow]
    doubt: NDArray[np.float32]
    guess: NDArray[np.int32]

    @property
    def quality(self) -> NDArray[np.float32]:
        """Return how well the label fits, 0..1, f4 [N]; NaN: unknown."""
        return 1.0 - self.doubt

    def listed(self, kind: str) -> NDArray[np.bool_]:
        """Return which images are on a list, [N]."""
        found = np.zeros(len(self.images.labels), bool)
        found[self.images.listed(kind).image] = True
        return found

    def decisions(self, value: Callable[[ReviewRow], Any]) -> list[Any]:
        """Return something of the decision on each image; None where there is none."""
        number = len(self.images.labels)
        return [value(self.decided[i]) if i in self.decided else None for i in range(number)]


def _gather(session: Session, run_id: int, arguments: Arguments) -> _Table:
    others = data.read_others(session, run_id, arguments)
    images = data.images_of(session, run_id, others)
    return _Table(
        images,
        structure.all_image_names(session, run_id=run_id),
        reviews(session, set_key=images.key),
        images.doubt(),
        images.best_guess(),
    )


def review(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return every image with its label, scores, lists, and what was decided by whom.

    label_quality: 1 - the evidence against the label; predicted: the class that is predicted most
    besides the label, empty where none is; agreement, confidence, variability, forgotten and
    learned (an iteration; empty: wrong at the end) are those of this run alone.
    """
    found = _gather(session, run_id, arguments)
    images, own = found.images, found.images.histories[0].images
    learned = np.minimum(own.learned, len(images.iterations) - 1)
    right = learned != NEVER
    at = np.zeros(len(learned), np.int32)
    at[right] = images.iterations[learned[right]]
    return {
        "image": np.arange(len(images.labels), dtype=np.int32),
        "name": pa.array(found.names, "utf8"),
        "class_id": images.labels,
        "class": texts(images.labels, images.names),
        "position": images.position,
        "label_quality": found.quality,
        "predicted_id": known(found.guess, found.guess != NO_PREDICTION),
        "predicted": texts(found.guess, images.names),
        "agreement": own.agreement,
        "confidence": own.confidence,
        "variability": own.variability,
        "forgotten": own.forgotten,
        "learned": known(at, right),
        "same_as": known(own.twin, own.twin != NEVER),
        **{f"listed_{kind.replace('-', '_')}": found.listed(kind) for kind in LISTS},
        "decision": pa.array(found.decisions(lambda one: one.decision), "utf8"),
        "new_class_id": pa.array(found.decisions(lambda one: one.label), pa.int32()),
        "decided_by": pa.array(found.decisions(lambda one: one.account_name), "utf8"),
        "decided_at": pa.array(
            found.decisions(lambda one: one.decided_at.isoformat(timespec="seconds")), "utf8"
        ),
    }


def _labels(found: _Table) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Return which labels are wrong, [N], and the right one of each, as far as anybody knows.

    What people decided counts more than what the runs say: what is kept is right.
    """
    issue = found.listed("label-errors")
    label = np.where(found.guess == NO_PREDICTION, found.images.labels, found.guess)
    label = np.where(issue, label, found.images.labels)
    for image, one in found.decided.items():
        if image < len(issue):
            issue[image] = one.decision != "keep"
            label[image] = found.images.labels[image] if one.label is None else one.label
    return issue, label.astype(np.int32)


def cleanlab(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return the columns of CleanLearning.get_label_issues(), a row an image in their order.

    So it can be given to CleanLearning.fit(..., label_issues=...) as read by pandas.
    """
    found = _gather(session, run_id, arguments)
    issue, label = _labels(found)
    return {
        "is_label_issue": issue,
        "label_quality": found.quality,
        "given_label": found.images.labels,
        "predicted_label": label,
    }


def fiftyone(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return what fiftyone.types.CSVDataset reads; filepath is the name of the image in the log.

    tags, separated by commas: the lists that the image is on, and what was decided. An image
    without a name has its number; suggestion is empty where the label is right.
    """
    found = _gather(session, run_id, arguments)
    _, label = _labels(found)
    lists = {kind: found.listed(kind) for kind in LISTS}
    decisions = found.decisions(lambda one: one.decision)
    tags = [
        ",".join([*(kind for kind, on in lists.items() if on[i]), *([said] if said else [])])
        for i, said in enumerate(decisions)
    ]
    filepath = [str(i) if name is None else name for i, name in enumerate(found.names)]
    return {
        "filepath": pa.array(filepath, "utf8"),
        "tags": pa.array(tags, "utf8"),
        "ground_truth": texts(found.images.labels, found.images.names),
        "suggestion": texts(np.where(label != found.images.labels, label, -1), found.images.names),
        "label_quality": found.quality,
    }
