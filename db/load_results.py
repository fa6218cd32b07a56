"""The blocks of class_result: snapshots are taken out of them, and small ones are joined."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.models import class_result
from db.raw import Row, fetch
from db.result_blocks import result_blocks


def remove_results(session: Session, *, run_id: int, iterations: Collection[int]) -> None:
    """Delete the results of some snapshots of a run; what else is in their blocks stays."""
    for block in result_blocks(session, run_id=run_id):
        kept = np.flatnonzero(~np.isin(block.iterations, list(iterations)))
        if len(kept) < len(block.iterations):
            _cut(session, run_id, block.iterations, kept)


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
    _insert(
        session,
        run_id,
        left,
        [
            (class_id, _part(one, len(block), kept).tobytes(), _part(two, len(block), kept))
            for class_id, one, two in rows
        ],
    )


def _insert(
    session: Session, run_id: int, block: np.ndarray, rows: Sequence[tuple[int, bytes, np.ndarray]]
) -> None:
    """Add a block of snapshots: of each class its predictions and probabilities, as bytes."""
    shared = {
        "run_id": run_id,
        "iteration": int(block[0]),
        "iterations": block if len(block) > 1 else None,
    }
    made: list[dict[str, Any]] = [
        {
            **shared,
            "class_id": class_id,
            "prediction": prediction,
            "probability": probability.view("<f2"),
        }
        for class_id, prediction, probability in rows
    ]
    session.execute(insert(class_result), made)


def _part(stored: bytes, snapshots: int, kept: np.ndarray) -> np.ndarray:
    """Return the bytes of some snapshots, u1."""
    return np.frombuffer(stored, np.uint8).reshape(snapshots, -1)[kept].reshape(-1)


def join_results(session: Session, *, run_id: int, first: int, last: int) -> bool:
    """Make blocks within two iterations one, as if one batch had brought them; return whether.

    Where nothing was validated, snapshots stay in a block of their own. What reaches beyond the
    iterations, overlaps, or is one block already, stays as it is.
    """
    kinds: dict[int, list[np.ndarray]] = defaultdict(list)
    for block in result_blocks(session, run_id=run_id, first=first, last=last):
        if block.iterations[-1] <= last:
            # Bytes of a snapshot: none where nothing was validated.
            kinds[block.size // len(block.iterations)].append(block.iterations)
    return any([_join(session, run_id, blocks) for blocks in kinds.values()])


def _join(session: Session, run_id: int, blocks: Sequence[np.ndarray]) -> bool:
    whole = np.concatenate(blocks)
    if len(blocks) < 2 or not (np.diff(whole) > 0).all():
        return False
    rows = fetch(
        session,
        "DELETE FROM class_result WHERE run_id = %(run)s AND iteration = ANY(%(blocks)s) "
        "RETURNING class_id, iteration, prediction, probability",
        {"run": run_id, "blocks": [int(block[0]) for block in blocks]},
    )
    _insert(session, run_id, whole, list(_joined(rows)))
    return True


def _joined(rows: Sequence[Row]) -> Iterator[tuple[int, bytes, np.ndarray]]:
    """Yield of each class its predictions and probabilities, one block after the other."""
    classes: dict[int, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row[:2]):
        classes[row[0]].append(row)
    for class_id, own in classes.items():
        probability = np.frombuffer(b"".join(row[3] for row in own), np.uint8)
        yield class_id, b"".join(row[2] for row in own), probability
