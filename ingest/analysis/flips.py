"""Which images change sides at each snapshot: the flips, found one snapshot at a time."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import is_no_prediction

Bits = NDArray[np.uint8]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class FlipState:
    """Where the search stands: is each image correct, and for how many snapshots has it been so.

    `correct` u1 [N] of 0 and 1, `length` i4 [N], at least 1.
    """

    correct: Bits
    length: Ints


@dataclass(frozen=True)
class Step:
    """What one snapshot brought: its flips, rising by image, and how many images went where.

    `image` i4 [n], `before` i4 [n] (snapshots of the constant run that ended), `learned` u1 [n]
    (1: wrong -> correct). `transitions` counts wrong -> correct, correct -> wrong, correct ->
    correct, wrong -> wrong; None at the first snapshot, which follows none.
    """

    image: Ints
    before: Ints
    learned: Bits
    transitions: tuple[int, int, int, int] | None


@dataclass
class FlipFinder:
    """Takes the snapshots of a run in order; `state` continues where an earlier one stopped.

    Those that were not validated are passed over: only observed snapshots count.
    """

    state: FlipState | None = field(default=None)

    def add(self, correct: NDArray[np.bool_] | Bits) -> Step:
        """Take the next snapshot, bool or u1 [N]; ValueError for another number of images."""
        now = np.asarray(correct).astype(np.uint8)
        if self.state is None:
            self.state = FlipState(now, np.ones(len(now), np.int32))
            return no_flips()
        past = self.state
        if len(now) != len(past.correct):
            raise ValueError(f"{len(now)} images follow {len(past.correct)}")
        image = np.flatnonzero(now != past.correct).astype(np.int32)
        before, learned = past.length[image], now[image]
        length = past.length + np.int32(1)
        length[image] = 1
        self.state = FlipState(now, length)
        return Step(image, before, learned, _transitions(past.correct, now, learned))


def no_flips() -> Step:
    """Return the step of a first snapshot, or of one that was not validated."""
    return Step(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint8), None)


def _transitions(past: Bits, now: Bits, learned: Bits) -> tuple[int, int, int, int]:
    n_to_y = int(np.count_nonzero(learned))
    y_to_n = len(learned) - n_to_y
    y_to_y = int(np.count_nonzero(now)) - n_to_y
    return n_to_y, y_to_n, y_to_y, len(past) - n_to_y - y_to_n - y_to_y


def class_error(correct: NDArray[np.bool_], *, class_size: Ints) -> NDArray[np.float32]:
    """Return the share of wrong images of every class, f4 [C]; NaN for a class without images.

    `correct` [N] has the images by class.
    """
    wrong, there = np.zeros(len(class_size), np.int32), class_size > 0
    if there.any():
        start = (np.cumsum(class_size) - class_size)[there]
        wrong[there] = np.add.reduceat((~correct).view(np.uint8), start, dtype=np.int32)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (wrong / class_size).astype(np.float32)


def class_no_prediction(
    prediction: NDArray[np.integer[Any]], *, image_class: Ints, classes: int
) -> Ints | None:
    """Return how many images of every class have no prediction, i4 [C]; None where all have one.

    `prediction` [N] is in the dtype of the log.
    """
    none = is_no_prediction(prediction)
    if not none.any():
        return None
    return np.bincount(image_class[none], minlength=classes).astype(np.int32)
