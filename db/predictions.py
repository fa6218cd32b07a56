"""Predictions as class_result keeps them: a row is that of one class at one snapshot.

It is in the dtype of the run's logs, u2 or i4, and empty where the snapshot was not validated.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import NO_PREDICTION, NOT_VALIDATED, is_no_prediction


def read_predictions(stored: Sequence[bytes], *, images: int) -> NDArray[np.integer[Any]]:
    """Return rows of one class of `images` images, [rows, images].

    u2 where every image has a prediction of fewer than 65,536 classes; else i4, with NO_PREDICTION
    and NOT_VALIDATED.
    """
    sizes = _sizes(stored)
    there = sizes > 0
    wide = bool((there & (sizes == 4 * images)).any())
    known = np.frombuffer(b"".join(stored), "<i4" if wide else "<u2")
    known = known.reshape(int(there.sum()) if images else len(stored), images)
    none = is_no_prediction(known)
    if (there.all() or not images) and not none.any():
        return known
    found = np.full((len(stored), images), NOT_VALIDATED, np.int32)
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


def read_probabilities(stored: Sequence[bytes], *, images: int) -> NDArray[np.float16]:
    """Return rows of one class, f2 [rows, images]; NaN where nothing was validated, too."""
    found = np.full((len(stored), images), np.nan, np.float16)
    there = _sizes(stored) > 0
    if images:
        found[there] = np.frombuffer(b"".join(stored), "<f2").reshape(-1, images)
    return found


def _sizes(stored: Sequence[bytes]) -> NDArray[np.int64]:
    """Return the number of bytes of each row; there are a million rows at paper scale."""
    return np.fromiter(map(len, stored), np.int64, len(stored))
