"""What the API says of the batch ledger: who made each jump of the loss, and the kept batches."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.api.operation import Given
from app.binary import Arrays
from db.queries.measurements import ledgers
from db.queries.runs import structure
from ingest.analysis.batch_words import class_name, told


def list_batches(session: Session, run_id: int, arguments: Given) -> list[Mapping[str, Any]]:
    """Return which training images made each jump of the loss, rising by iteration."""
    found = analysis_of(session, run_id).blames(session)
    classes = structure.classes(session, run_id=run_id).names
    return [
        _plain({name: value for name, value in asdict(one).items() if name != "course"})
        | {
            "text": " ".join(told(one, classes)),
            "images": [
                _plain(asdict(image)) | {"class": class_name(image.label, classes) or None}
                for image in one.images
            ],
        }
        for one in found
    ]


def batch_ledger(
    session: Session, run_id: int, arguments: Given
) -> tuple[Arrays, Mapping[str, Any]]:
    """Return the batches that were kept around one iteration."""
    iteration = arguments.required("iteration")
    found = ledgers.ledger(session, run_id=run_id, iteration=iteration)
    arrays = {
        "step_iteration": found.step_iteration.astype("i4"),
        "step_loss": found.step_loss,
        "step_size": found.step_size,
        "loss": found.loss,
        "usual": found.usual,
        "label": found.label,
    }
    # Places beyond 2^53 of a training set are none; f8 holds all others, and browsers read it.
    arrays["index"] = found.index.astype("f8")
    return arrays, {"iteration": iteration, "reason": found.reason}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as JSON has them: NaN and infinities are null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }
