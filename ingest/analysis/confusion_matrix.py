"""Which class was predicted as which at a snapshot, the scores of each, who moved between two."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import NO_PREDICTION, NOT_VALIDATED

# The best order of the leaves takes seconds from here on, and is no better to look at.
_BEST_ORDER = 300
# Of so many classes the distances of all pairs are 30 MB.
_MOST_LINKED = 2_000


@dataclass(frozen=True)
class Pairs:
    """The cells of a confusion matrix that hold images, i4 [P] each, by `true`, then `taken`.

    `true` is the class of `count` images, `taken` the class predicted of them; where there is
    no prediction, `taken` is the number of classes, the place after the last.
    """

    true: NDArray[np.int32]
    taken: NDArray[np.int32]
    count: NDArray[np.int32]


@dataclass(frozen=True)
class Scores:
    """How well each class did, [C] each.

    `support` i4 are its validated images, `predicted` i4 those predicted as it, `right` i4 those of
    both; precision, recall and f1 f4 are shares 0..1, NaN where nothing can be divided.
    """

    support: NDArray[np.int32]
    predicted: NDArray[np.int32]
    right: NDArray[np.int32]

    @property
    def precision(self) -> NDArray[np.float32]:
        """Share of the images predicted as the class that are of it."""
        return _share(self.right, self.predicted)

    @property
    def recall(self) -> NDArray[np.float32]:
        """Share of the images of the class that were predicted as it: 1 - its error."""
        return _share(self.right, self.support)

    @property
    def f1(self) -> NDArray[np.float32]:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.right, self.support + self.predicted)


@dataclass(frozen=True)
class Flows:
    """Images that moved together, i4 [M] each, the most first.

    `count` images of the class `true` were predicted as `before`, and later as `after`; the number
    of classes stands for no prediction. `image_count` is the sum of all counts.
    """

    true: NDArray[np.int32]
    before: NDArray[np.int32]
    after: NDArray[np.int32]
    count: NDArray[np.int32]

    @property
    def image_count(self) -> int:
        """How many images moved."""
        return int(self.count.sum())


def places(prediction: NDArray[np.integer[Any]], *, classes: int) -> NDArray[np.int32]:
    """Return predictions [N] as columns of a matrix: `classes` for none, -1: not validated."""
    found = prediction.astype(np.int32)
    found[prediction == NO_PREDICTION] = classes
    found[prediction == NOT_VALIDATED] = -1
    return found


def pairs(
    true: NDArray[np.integer[Any]], prediction: NDArray[np.integer[Any]], *, classes: int
) -> Pairs:
    """Count the images [N] of each true class by what they were predicted as, if validated."""
    taken = places(prediction, classes=classes)
    known = taken >= 0
    wide = classes + 1
    cells, count = np.unique(true[known].astype(np.int64) * wide + taken[known], return_counts=True)
    row, column = np.divmod(cells, wide)
    return Pairs(row.astype(np.int32), column.astype(np.int32), count.astype(np.int32))


def mistakes(found: Pairs, *, class_id: int | None = None) -> Pairs:
    """Return the cells of wrong predictions, those with the most images first.

    With `class_id` those in which it is one of the two. Ties by class, then by what was predicted.
    """
    wrong = found.true != found.taken
    if class_id is not None:
        wrong &= (found.true == class_id) | (found.taken == class_id)
    cells = np.flatnonzero(wrong)
    cells = cells[np.lexsort((found.taken[cells], found.true[cells], -found.count[cells]))]
    return Pairs(found.true[cells], found.taken[cells], found.count[cells])


def scores(found: Pairs, *, classes: int) -> Scores:
    """Return how well each of the classes did; all zero where nothing was validated."""

    def summed(place: NDArray[np.int32], count: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.bincount(place, count, minlength=classes)[:classes].astype(np.int32)

    right = found.true == found.taken
    return Scores(
        support=summed(found.true, found.count),
        predicted=summed(found.taken, found.count),
        right=summed(found.true[right], found.count[right]),
    )


def flows(
    true: NDArray[np.integer[Any]],
    before: NDArray[np.integer[Any]],
    after: NDArray[np.integer[Any]],
    *,
    classes: int,
) -> Flows:
    """Count the images [N] by true class and by their predictions at two snapshots, [N] each.

    Images that stayed, or were not validated at both, are left out. Ties stand by true class, then
    by the class before and after.
    """
    was, became = places(before, classes=classes), places(after, classes=classes)
    moved = (was != became) & (was >= 0) & (became >= 0)
    wide = classes + 1
    cells = (true[moved].astype(np.int64) * wide + was[moved]) * wide + became[moved]
    found, count = np.unique(cells, return_counts=True)
    order = np.lexsort((found, -count))
    rest, last = np.divmod(found[order], wide)
    row, first = np.divmod(rest, wide)
    columns = (row, first, last, count[order])
    return Flows(*(column.astype(np.int32) for column in columns))


def confusion_order(found: Pairs, *, classes: int) -> NDArray[np.int32]:
    """Return the classes i4 [C] so that those predicted as one another stand side by side.

    Average linkage over 1 - (share of a's images predicted as b + share of b's predicted as a) / 2.
    Of more than _MOST_LINKED classes, whose distances would take gigabytes, by reverse
    Cuthill-McKee over those that are predicted as one another at all.
    """
    if classes < 3:
        return np.arange(classes, dtype=np.int32)
    if classes > _MOST_LINKED:
        return _sparse_order(found, classes)
    # It brings much with it, which no process shall wait for that starts.
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    known = found.taken < classes
    matrix = np.zeros((classes, classes))
    matrix[found.true[known], found.taken[known]] = found.count[known]
    total = np.bincount(found.true, found.count, minlength=classes)
    matrix /= np.maximum(total, 1)[:, None]
    distance = 1 - (matrix + matrix.T) / 2
    np.fill_diagonal(distance, 0)
    tree = linkage(
        squareform(distance, checks=False), "average", optimal_ordering=classes <= _BEST_ORDER
    )
    return leaves_list(tree).astype(np.int32)


def _sparse_order(found: Pairs, classes: int) -> NDArray[np.int32]:
    """Return the classes so that those predicted as one another are near: a narrow band."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    known = (found.taken < classes) & (found.taken != found.true)
    # A single image is an accident where a class has many.
    total = np.bincount(found.true, found.count, minlength=classes)
    known &= found.count > 0.02 * total[found.true]
    at = (found.true[known], found.taken[known])
    matrix = coo_array((np.ones(len(at[0])), at), shape=(classes, classes)).tocsr()
    return reverse_cuthill_mckee((matrix + matrix.T).tocsr(), symmetric_mode=True).astype(np.int32)


def _share(part: NDArray[np.int32], whole: NDArray[np.int32]) -> NDArray[np.float32]:
    shares = np.full(len(whole), np.nan, np.float32)
    np.divide(part, whole, out=shares, where=whole > 0, casting="unsafe")
    return shares
