"""How each image was learned and forgotten over a run: from all flips, or of some images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEVER = -1


@dataclass(frozen=True)
class Forgetting:
    """The learning of every image, arrays [N].

    `forgotten` i4 counts the flips from correct to wrong (the forgetting events of Toneva et al.,
    "An Empirical Study of Example Forgetting during Deep Neural Network Learning", ICLR 2019),
    `first_learned` i4 is the index of the first snapshot at which the image was correct, NEVER
    (-1) where it never was.
    """

    forgotten: NDArray[np.int32]
    first_learned: NDArray[np.int32]

    @property
    def never_learned(self) -> NDArray[np.bool_]:
        """Return which images were wrong at every snapshot."""
        return self.first_learned == NEVER


def forgetting(
    snapshot: NDArray[np.int32],
    image: NDArray[np.int32],
    *,
    correct_now: NDArray[np.uint8],
    first: int = 0,
) -> Forgetting:
    """Count for every image, from the flips (flat arrays [n], in order of time) and the last state
    [N].

    Each flip turns an image: so an even number of them means that it began as it ended, every
    second one is a forgetting, and the first one of an image that began wrong is where it was
    learned. `first` is the index of the first snapshot that was validated.
    """
    images = len(correct_now)
    flips = np.bincount(image, minlength=images)
    began_correct = (correct_now != 0) ^ (flips % 2 == 1)
    forgotten = (flips + began_correct) // 2
    learned_at = np.full(images, NEVER, dtype=np.int32)
    learned_at[image[::-1]] = snapshot[::-1]  # of several the last one stays: the earliest flip
    learned_at[began_correct] = first
    return Forgetting(forgotten.astype(np.int32), learned_at)


def forgetting_of(correct: NDArray[np.float32]) -> Forgetting:
    """Count the same of some images, [n, T]: 1 right, 0 wrong, NaN where nothing was validated."""
    observed = np.flatnonzero(~np.isnan(correct).all(axis=0))
    right = correct[:, observed] == 1
    forgotten = (right[:, :-1] & ~right[:, 1:]).sum(axis=1, dtype=np.int32)
    first = np.full(len(right), NEVER, np.int32)
    learned = right.any(axis=1)
    if learned.any():
        first[learned] = observed[right[learned].argmax(axis=1)]
    return Forgetting(forgotten, first)
