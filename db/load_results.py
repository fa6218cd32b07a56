"""Takes snapshots out of the blocks of class_result that hold them."""

from collections.abc import Collection

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.models import class_result
from db.predictions import block_iterations
from db.raw import fetch


def remove_results(session: Session, *, run_id: int, iterations: Collection[int]) -> None:
    """Delete the results of some snapshots of a run; what else is in their blocks stays."""
    # Each block once: every class has the same.
    blocks = fetch(
        session,
        "SELECT DISTINCT iteration, iterations FROM class_result WHERE run_id = %(run)s",
        {"run": run_id},
    )
    for first, listed in blocks:
        block = block_iterations(first, listed)
        kept = np.flatnonzero(~np.isin(block, list(iterations)))
        if len(kept) < len(block):
            _cut(session, run_id, block, kept)


def _cut(session: Session, run_id: int, block: np.ndarray, kept: np.ndarray) -> None:
    """Leave the snapshots at the places `kept` in a block."""
    rows = fetch(
        session,
        "DELETE FROM class_result WHERE run_id = %(run)s AND iteration = %(first)s "
        "RETURNING class_id, prediction, probability",
        {"run": run_id, "first": int(block[0])},
    )
    if not len(kept):
        return
    left = block[kept]
    session.execute(
        insert(class_result),
        [
            {
                "run_id": run_id,
                "class_id": class_id,
                "iteration": int(left[0]),
                "prediction": _part(prediction, len(block), kept).tobytes(),
                "probability": _part(probability, len(block), kept).view("<f2"),
                "iterations": left if len(left) > 1 else None,
            }
            for class_id, prediction, probability in rows
        ],
    )


def _part(stored: bytes, snapshots: int, kept: np.ndarray) -> np.ndarray:
    """Return the bytes of some snapshots, u1."""
    return np.frombuffer(stored, np.uint8).reshape(snapshots, -1)[kept].reshape(-1)
