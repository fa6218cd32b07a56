"""What the API says of pairs of classes: which is predicted as which at an iteration."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.api.operation import Given
from db.queries.measurements.confusion import mistakes
from db.queries.runs import structure

MOST_PAIRS = 1_000


def list_confusion(session: Session, run_id: int, arguments: Given) -> Mapping[str, Any]:
    """Return pairs of classes, those with the most images first; classes by name."""
    iteration = arguments.required("iteration")
    limit = arguments.integer("limit", low=1, high=MOST_PAIRS, default=MOST_PAIRS) or MOST_PAIRS
    offset = arguments.integer("offset", default=0) or 0
    chosen = arguments.integer("class")
    found = mistakes(session, run_id=run_id, iteration=iteration, class_id=chosen)
    classes = structure.classes(session, run_id=run_id)
    part = slice(offset, offset + limit)
    return {
        "iteration": iteration,
        "total": len(found),
        "pairs": [
            {
                "class": classes.names[one],
                "predicted": classes.names[other] if 0 <= other < len(classes) else None,
                "images": images,
                "of": int(classes.image_count[one]),
            }
            for one, other, images in zip(
                found.class_id[part].tolist(),
                found.predicted[part].tolist(),
                found.images[part].tolist(),
                strict=True,
            )
        ],
    }
