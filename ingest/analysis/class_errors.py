"""The errors of all classes over time as counts of wrong images: exact, in fewer bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

# In place of a count where a class with images was not validated.
MISSING = -1


@dataclass(frozen=True)
class ClassErrors:
    """How many images of every class were wrong at every snapshot.

    `wrong` [C, T] in the smallest dtype that holds it, MISSING where the snapshot was not
    validated; 0 for a class without images. `sizes` i4 [C] are the images of each.
    """

    wrong: NDArray[Any]
    sizes: NDArray[np.int32]

    def error(self, columns: slice | int = slice(None)) -> NDArray[np.float32]:
        """Return the share of wrong images, f4 [C, T], or of some snapshots.

        NaN for a class without images, and where the snapshot was not validated. It is bit by bit
        what is stored (ingest/analysis/flips.py).
        """
        wrong = self.wrong[:, columns]
        sizes = self.sizes if wrong.ndim == 1 else self.sizes[:, None]
        found = np.full(wrong.shape, np.nan, np.float32)
        known = np.broadcast_to(sizes > 0, wrong.shape) & (wrong >= 0)
        np.divide(wrong, sizes, out=found, where=known, dtype=np.float32, casting="unsafe")
        return found

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Return which snapshots were validated, [T]."""
        return np.asarray((self.wrong[self.sizes > 0] >= 0).any(axis=0))

    @property
    def validated(self) -> NDArray[np.bool_] | None:
        """Return which snapshots were validated, [T]; None: all were, or none."""
        return None if self.known.all() or not self.known.any() else self.known

    def right(self) -> NDArray[np.int32]:
        """Return the right images of all classes, i4 [T]; -1 where not all classes are known."""
        some = self.wrong[self.sizes > 0]
        right = self.sizes.sum() - some.sum(axis=0, dtype=np.int64)
        return np.where((some < 0).any(axis=0), -1, right).astype(np.int32)


def count_errors(blocks: Iterable[NDArray[np.float32]], sizes: NDArray[np.int32]) -> ClassErrors:
    """Return the counts of errors f4 [C, n], of which some snapshots come at a time."""
    counted = [_count(error, sizes) for error in blocks]
    empty = np.zeros((len(sizes), 0), np.uint8)
    return ClassErrors(np.concatenate(counted, axis=1) if counted else empty, sizes)


def _count(error: NDArray[np.float32], sizes: NDArray[np.int32]) -> NDArray[Any]:
    if len(error) < len(sizes):  # nothing was ever validated
        return np.full((len(sizes), error.shape[1]), MISSING, np.int8)
    dtype = np.min_scalar_type(int(sizes.max(initial=0)))
    missing = np.isnan(error)
    missing &= (sizes > 0)[:, None]
    wrong = np.nan_to_num(error) * sizes[:, None]
    np.rint(wrong, out=wrong)
    if missing.any():
        dtype = np.min_scalar_type(-int(sizes.max(initial=0)) - 1)
        wrong[missing] = MISSING
    return wrong.astype(dtype)
