"""Results of images as class_result keeps them: a row is that of one class in a block of snapshots.

Predictions are in the dtype of the run's logs, u2 or i4; both arrays of a row are empty where its
snapshots were not validated.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import NO_PREDICTION, NOT_VALIDATED, is_no_prediction


def block_iterations(first: int, iterations: bytes | None) -> NDArray[np.int32]:
    """Return the iterations of a block, rising, i4, from its columns iteration and iterations."""
    return np.array([first], np.int32) if iterations is None else np.frombuffer(iterations, "<i4")


def rising(blocks: Sequence[NDArray[np.int32]]) -> NDArray[np.int64] | slice:
    """Return what puts the snapshots of blocks, read one block after the other, in order of time.

    Blocks rise by their first snapshot; they overlap only where a snapshot came late.
    """
    whole = np.concatenate(blocks) if blocks else np.empty(0, np.int32)
    return slice(None) if (np.diff(whole) > 0).all() else np.argsort(whole, kind="stable")


def read_predictions(
    stored: Sequence[bytes], *, images: int, snapshots: Sequence[int] | None = None
) -> NDArray[np.integer[Any]]:
    """Return rows of one class of `images` images, [snapshots of all rows, images].

    `snapshots` counts those of each row; None: one each. u2 where every image has a prediction of
    fewer than 65,536 classes; else i4, with NO_PREDICTION and NOT_VALIDATED.
    """
    sizes, number = _sizes(stored), _numbers(stored, snapshots)
    there = sizes > 0
    wide = bool((there & (sizes == 4 * images * number)).any())
    known = np.frombuffer(b"".join(stored), "<i4" if wide else "<u2")
    known = known.reshape(int(number[there].sum() if images else number.sum()), images)
    return all_predictions(known, np.repeat(there | (not images), number))


def all_predictions(
    known: NDArray[np.integer[Any]], there: NDArray[np.bool_]
) -> NDArray[np.integer[Any]]:
    """Return predictions as logged, [validated snapshots, images], among all, as read_predictions.

    `there` [T] says which snapshots were validated.
    """
    none = is_no_prediction(known)
    if there.all() and not none.any():
        return known
    found = np.full((len(there), known.shape[1]), NOT_VALIDATED, np.int32)
    found[there] = np.where(none, NO_PREDICTION, known.astype(np.int32))
    return found


def read_classes(stored: Sequence[bytes], *, images: Sequence[int]) -> NDArray[np.int32]:
    """Return the predictions of many classes at one snapshot, one class after the other, i4 [N].

    `images` counts those of each class; none of the rows is empty. NO_PREDICTION as above.
    """
    total = sum(images)
    if len(whole := b"".join(stored)) in (2 * total, 4 * total):  # all of one dtype
        return read_predictions([whole], images=total)[0].astype(np.int32)
    each = [
        read_predictions([row], images=number)[0]
        for row, number in zip(stored, images, strict=True)
    ]
    return np.concatenate(each, dtype=np.int32)


def read_probabilities(
    stored: Sequence[bytes], *, images: int, snapshots: Sequence[int] | None = None
) -> NDArray[np.float16]:
    """Return rows of one class, f2 [snapshots of all rows, images]; `snapshots` as above.

    NaN where nothing was validated, too.
    """
    number = _numbers(stored, snapshots)
    there = _sizes(stored) > 0
    known = np.frombuffer(b"".join(stored), "<f2")
    if not images:
        return np.empty((int(number.sum()), 0), np.float16)
    return all_probabilities(known.reshape(-1, images), np.repeat(there, number))


def all_probabilities(known: NDArray[np.float16], there: NDArray[np.bool_]) -> NDArray[np.float16]:
    """Return probabilities f2 [validated snapshots, images] among all; NaN at the others."""
    if there.all():
        return known
    found = np.full((len(there), known.shape[1]), np.nan, np.float16)
    found[there] = known
    return found


def _sizes(stored: Sequence[bytes]) -> NDArray[np.int64]:
    return np.fromiter(map(len, stored), np.int64, len(stored))


def _numbers(stored: Sequence[bytes], snapshots: Sequence[int] | None) -> NDArray[np.int64]:
    return np.ones(len(stored), np.int64) if snapshots is None else np.array(snapshots, np.int64)
