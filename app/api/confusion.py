"""What the API says of pairs of classes: which is predicted as which at an iteration."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.api.operation import Given
from db.queries.runs import structure
from db.queries.runs.compare import results_at
from db.queries.runs.existence import require_snapshot
from ingest.analysis.confusion_matrix import mistakes, pairs

MOST_PAIRS = 1_000


def list_confusion(session: Session, run_id: int, arguments: Given) -> Mapping[str, Any]:
    """Return pairs of classes, those with the most images first; classes by name."""
    iteration = arguments.required("iteration")
    limit = arguments.integer("limit", low=1, high=MOST_PAIRS, default=MOST_PAIRS) or MOST_PAIRS
    offset = arguments.integer("offset", default=0) or 0
    chosen = arguments.integer("class")
    require_snapshot(session, run_id=run_id, iteration=iteration)
    results = results_at(session, run_id=run_id, iteration=iteration)
    classes = structure.classes(session, run_id=run_id)
    every = pairs(results.image_class, results.prediction, classes=len(classes))
    found = mistakes(every, class_id=chosen)
    part = slice(offset, offset + limit)
    return {
        "iteration": iteration,
        "total": len(found.count),
        "pairs": [
            {
                "class": classes.names[one],
                "predicted": classes.names[other] if other < len(classes) else None,
                "images": images,
                "of": int(classes.image_count[one]),
            }
            for one, other, images in zip(
                found.true[part].tolist(),
                found.taken[part].tolist(),
                found.count[part].tolist(),
                strict=True,
            )
        ],
    }
