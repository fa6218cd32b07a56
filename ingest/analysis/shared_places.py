"""What the images that made a loss jump have in common, where that is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, comb

from deeptracker.format import NO_LABEL
from ingest.analysis.batch_steps import Step

# Below this probability under chance something is shared; fewer images share nothing.
CHANCE, LEAST = 1e-3, 3
# Some may be there by chance: so large a share has it in common.
MOSTLY = 0.8


@dataclass(frozen=True)
class SharedClass:
    """A class that `images` of them have; `label` is its number in the training set."""

    label: int
    images: int


@dataclass(frozen=True)
class SharedPlaces:
    """Places in the training set: `images` of them lie in `first`..`last`, `stride` apart.

    `stride` is 1 where they have no larger one in common.
    """

    first: int
    last: int
    images: int
    stride: int


def shared_class(step: Step, made: NDArray[np.int64], steps: Sequence[Step]) -> SharedClass | None:
    """Return the class that most of the images `made` have, against all steps; None: no such."""
    labels = step.label[np.unique(step.index, return_index=True)[1]]
    mine = labels[np.isin(np.unique(step.index), made)]
    if len(mine) < LEAST or (mine == NO_LABEL).any():
        return None
    values, times = np.unique(mine, return_counts=True)
    label, count = int(values[np.argmax(times)]), int(times.max())
    rate = float(np.concatenate([one.label == label for one in steps]).mean())
    # The largest of several: each could have been it.
    by_chance = bdtrc(count - 1, len(mine), rate) * len(values)
    return SharedClass(label, count) if count > len(mine) / 2 and by_chance < CHANCE else None


def shared_places(made: NDArray[np.int64], total: int) -> SharedPlaces | None:
    """Return the range of places that most of the images `made` of `total` are in, or a stride."""
    places = np.unique(made)
    if len(places) < LEAST:
        return None
    stride = int(np.gcd.reduce(np.diff(places)))
    if stride > 1 and stride ** (1.0 - len(places)) < CHANCE:
        return SharedPlaces(int(places[0]), int(places[-1]), len(places), stride)
    least = max(LEAST, int(np.ceil(MOSTLY * len(places))))
    for count in range(len(places), least - 1, -1):
        widths = places[count - 1 :] - places[: len(places) - count + 1]
        start = int(np.argmin(widths))
        width = (int(widths[start]) + 1) / total
        # Any of the subsets of so many could lie so close, beginning with any of its members.
        if comb(len(places), count) * count * width ** (count - 1) < CHANCE:
            return SharedPlaces(int(places[start]), int(places[start + count - 1]), count, 1)
    return None
