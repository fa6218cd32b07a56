"""Which classes are predicted as each other at a snapshot: known once, it is kept."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health.history import Floats

# Of a snapshot (its place), the class of each validation image and what it was predicted as; None:
# not known.
Told: TypeAlias = tuple[NDArray[np.integer], NDArray[np.integer]] | None
TakenFor = Callable[[int], Told]
# Of two classes (the lower id first), the smaller share of one that is predicted as the other.
Pairs = Mapping[tuple[int, int], float]
# A smaller share of two classes says nothing of an exchange.
LEAST = 0.25


class KnownPairs:
    """The pairs of the snapshots that were looked at, by iteration."""

    def __init__(self) -> None:
        self._known: dict[int, Pairs | None] = {}

    def extend(self, values: Floats) -> None:
        """Take more snapshots: what was predicted at earlier ones is the same."""

    def at(
        self, iteration: int, told: Callable[[], Told], size: NDArray[np.integer]
    ) -> Pairs | None:
        """Return the pairs with a share of LEAST or more; None where nobody knows."""
        if iteration not in self._known:
            found = told()
            self._known[iteration] = None if found is None else mutual_pairs(*found, size)
        return self._known[iteration]


def mutual_pairs(
    label: NDArray[np.integer], prediction: NDArray[np.integer], size: NDArray[np.integer]
) -> Pairs:
    """Return the pairs of classes, of two images at least, with a share of LEAST or more."""
    classes = len(size)
    wrong = (prediction >= 0) & (prediction != label)
    of = label[wrong].astype(np.int64) * classes + prediction[wrong]
    pairs, times = np.unique(of, return_counts=True)
    often = times >= LEAST * np.maximum(size[pairs // classes], 2)
    pairs, times = pairs[often], times[often]
    a, b = np.divmod(pairs, classes)
    # Where the other way is not as often either, the share is below LEAST.
    back = np.searchsorted(pairs, b * classes + a).clip(max=max(0, len(pairs) - 1))
    both = (a < b) & (pairs[back] == b * classes + a) & (np.minimum(size[a], size[b]) >= 2)
    a, b, here, back = a[both], b[both], times[both], times[back[both]]
    share = np.minimum(here / size[a], back / size[b])
    told = zip(a.tolist(), b.tolist(), share.tolist(), strict=True)
    return {(one, other): part for one, other, part in told if part >= LEAST}


def most_mutual(pairs: Pairs) -> tuple[tuple[int, int], float]:
    """Return the pair with the highest share, the lowest ids of equal ones; share 0: none."""
    if not pairs:
        return (0, 0), 0.0
    best = min(pairs, key=lambda pair: (-pairs[pair], pair))
    return best, pairs[best]
