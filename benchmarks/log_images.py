"""What a synthetic network says of the validation images, snapshot by snapshot, in any order.

An image is right where its margin is above zero: the network's skill, less the difficulty of the
class and of the image, plus the course that the classes of one family share, plus noise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.log_schedule import Planted, Schedule
from deeptracker.format import prediction_dtype

FAMILIES = 8
_CONFUSED_WITH = 3


@dataclass(frozen=True)
class Answers:
    """The answer to every image at one snapshot, and what follows from it for the whole set."""

    prediction: NDArray[np.integer]
    probability: NDArray[np.float16]
    error: float
    loss: float


@dataclass(frozen=True)
class _Shift:
    """What one planted event adds to the margin of some images, until a snapshot or for good."""

    begin: int
    end: int | None
    images: NDArray[np.int64]
    amount: NDArray[np.float32]


class ImageModel:
    """The validation images of a synthetic run; `class_id` i4 [N] in shuffled order."""

    def __init__(self, *, seed: int, classes: int, images_per_class: int, plan: Schedule) -> None:
        rng = np.random.default_rng([seed, 1])
        self._seed, self._plan, self._classes = seed, plan, classes
        self.class_id = rng.permutation(np.repeat(np.arange(classes), images_per_class)).astype(
            np.int32
        )
        count = len(self.class_id)
        self._difficulty = (
            rng.normal(0, 0.8, classes)[self.class_id] + rng.normal(0, 1.0, count)
        ).astype(np.float32)
        self._family = rng.integers(0, FAMILIES, classes)
        self._course = _courses(rng, plan.snapshots)
        self._speed = rng.uniform(0.08, 0.6, count).astype(np.float32)
        self._phase = rng.uniform(0, 2 * np.pi, count).astype(np.float32)
        others = rng.integers(1, max(2, classes), (classes, _CONFUSED_WITH))
        self._confused = (np.arange(classes)[:, None] + others) % classes
        self._shifts: list[_Shift] = []
        for event in plan.planted:
            self._shifts.append(self._shift(rng, event))

    def _shift(self, rng: np.random.Generator, event: Planted) -> _Shift:
        before = self._expected(event.index - 1)
        steady = 2.5 * self._plan.noise(event.index - 1) + 0.35
        stable = before < -steady if event.kind == "learned" else before > steady
        concerned = np.zeros(self._classes, bool)
        concerned[event.classes] = True
        share = rng.uniform(0.3, 0.7, self._classes)[self.class_id]
        chosen = stable & concerned[self.class_id] & (rng.random(len(stable)) < share)
        images = np.flatnonzero(chosen)
        sign = 1.0 if event.kind == "learned" else -1.0
        amount = -before[images] + sign * (steady + 0.6)
        end = event.index + 1 if event.kind == "dip" else None
        return _Shift(event.index, end, images, amount.astype(np.float32))

    def _expected(self, index: int) -> NDArray[np.float32]:
        """Return the margin of every image without noise, f4 [N]."""
        course = self._course[:, min(index, self._course.shape[1] - 1)]
        of_class = (self._plan.skill(index) + course[self._family]).astype(np.float32)
        margin = of_class[self.class_id] - self._difficulty
        for shift in self._shifts:
            if shift.begin <= index and (shift.end is None or index < shift.end):
                margin[shift.images] += shift.amount
        return margin

    def answers(self, index: int) -> Answers:
        """Return what the network says at snapshot `index`."""
        rng = np.random.default_rng([self._seed, 2, index])
        noise = self._plan.noise(index)
        margin = self._expected(index)
        margin += np.float32(0.6 * noise) * np.sin(self._speed * np.float32(index) + self._phase)
        margin += np.float32(0.6 * noise) * rng.standard_normal(len(margin), np.float32)
        margin += (
            np.float32(0.1 * noise) * rng.standard_normal(self._classes, np.float32)[self.class_id]
        )
        right = margin > 0
        # An image is taken for one of few other classes, and for the same one for a while.
        other = (np.floor(index * self._speed / 20 + self._phase).astype(np.int64)) % _CONFUSED_WITH
        taken_for = np.where(right, self.class_id, self._confused[self.class_id, other])
        probability = (1 / (1 + np.exp(np.float32(-1.8) * margin))).astype(np.float16)
        return Answers(
            prediction=taken_for.astype(prediction_dtype(self._classes)),
            probability=probability,
            error=float(1 - right.mean()),
            loss=float(-np.log(np.maximum(probability.astype(np.float64), 1e-7)).mean()),
        )


def _courses(rng: np.random.Generator, snapshots: int) -> NDArray[np.float64]:
    """Return what the classes of each family add to their margins, f8 [FAMILIES, snapshots]."""
    time = np.arange(snapshots)[None, :] / max(1, snapshots)
    turn, width = rng.uniform(0.05, 0.8, (FAMILIES, 1)), rng.uniform(0.02, 0.15, (FAMILIES, 1))
    height = rng.choice([-0.9, -0.5, 0.5, 0.9], (FAMILIES, 1))
    waves, swing = rng.uniform(1, 6, (FAMILIES, 1)), rng.uniform(0, 0.2, (FAMILIES, 1))
    found = height * np.tanh((time - turn) / width) / 2 + swing * np.sin(2 * np.pi * waves * time)
    return np.asarray(found)
