"""What in a probe spoke for the class it is predicted as, and for its true one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.queries.runs.existence import require_run
from db.raw import fetch

_METHODS = "SELECT DISTINCT method FROM probe_saliency WHERE run_id = %(run)s ORDER BY method"
_MAPS = (
    "SELECT method, detail, height, width, low, high, codes FROM probe_saliency "
    "WHERE run_id = %(run)s AND image_id = %(image)s AND iteration = %(at)s ORDER BY method"
)


@dataclass(frozen=True)
class SaliencyMaps:
    """What one method found in one image: `codes` u1 [2, h, w]; `low`, `high` f4 [2].

    As deeptracker.format.Saliency: the first map is of the predicted class, the second of the true
    one. `detail` says of what they were made.
    """

    method: str
    detail: str
    codes: NDArray[np.uint8]
    low: NDArray[np.float32]
    high: NDArray[np.float32]


def saliency_methods(session: Session, *, run_id: int) -> tuple[str, ...]:
    """Return by which methods there are maps of a run, of any probe; () where there are none."""
    return tuple(row[0] for row in fetch(session, _METHODS, {"run": run_id}))


def saliency(session: Session, *, run_id: int, image_id: int, at: int) -> tuple[SaliencyMaps, ...]:
    """Return the maps of an image at a probe, a method each; () where there are none.

    NotFound where there is no such run.
    """
    rows = fetch(session, _MAPS, {"run": run_id, "image": image_id, "at": at})
    if not rows:
        require_run(session, run_id=run_id)
    return tuple(
        SaliencyMaps(
            row[0],
            row[1],
            np.frombuffer(row[6], np.uint8).reshape(2, row[2], row[3]),
            np.frombuffer(row[4], "<f4"),
            np.frombuffer(row[5], "<f4"),
        )
        for row in rows
    )
