"""The steps of a batch ledger one by one, and what is usual of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import Ledger

Floats = NDArray[np.float64]
# A loss of a step is usual up to so many usual deviations above the median, and so many times it.
DEVIATIONS, FACTOR = 3.0, 1.25
# So few steps tell no deviation.
LEAST_STEPS, FACTOR_OF_FEW = 5, 1.5
# The last steps before say what is usual: losses fall.
LAST = 9


@dataclass(frozen=True)
class Step:
    """One step: arrays [n] as those of Ledger."""

    iteration: int
    index: NDArray[np.int64]
    loss: NDArray[np.float32]
    usual: NDArray[np.float32]
    label: NDArray[np.int32]
    logged: float

    def __len__(self) -> int:
        return len(self.index)

    @property
    def has_losses(self) -> bool:
        """Say whether losses of its images were given; NaN of a NaN loss counts as given."""
        return bool(np.isfinite(self.loss).any() or not np.isfinite(self.logged))

    @property
    def mean(self) -> float:
        """Return the mean loss of its images, else what was logged of the step."""
        return mean_loss(self.loss) if self.has_losses else self.logged


@dataclass(frozen=True)
class Usual:
    """What is usual: the loss of a step, up to what, and the loss of an image; NaN: not known.

    `lately`: losses of images in the last steps by what these images usually had before: below 1
    while losses fall.
    """

    loss: float
    limit: float
    image: float
    lately: float

    @property
    def target(self) -> float:
        """Return to what the loss of a step comes back without the images that made it high."""
        return self.loss + (self.limit - self.loss) / 3

    def expected(self, step: Step) -> Floats:
        """Return the loss that each image of a step should have, f8 [n].

        Its own usual one, else that of images in the steps before.
        """
        fallback = 0.0 if np.isnan(self.image) else self.image
        return np.where(np.isfinite(step.usual), step.usual * self.lately, fallback)


def split(ledger: Ledger) -> list[Step]:
    """Return the steps of a ledger, rising."""
    ends = np.cumsum(ledger.step_size)
    places = [slice(end - size, end) for end, size in zip(ends, ledger.step_size, strict=True)]
    return [
        Step(
            iteration=int(ledger.step_iteration[at]),
            index=ledger.index[here],
            loss=ledger.loss[here],
            usual=ledger.usual[here],
            label=ledger.label[here],
            logged=float(ledger.step_loss[at]),
        )
        for at, here in enumerate(places)
    ]


def usual_of(before: Sequence[Step]) -> Usual:
    """Return what is usual of the steps before a jump."""
    means = np.array([step.mean for step in before], np.float64)
    means = means[np.isfinite(means)]
    if not len(means):
        return Usual(float("nan"), float("nan"), float("nan"), 1.0)
    middle = float(np.median(means[-LAST:]))
    limit = middle + (FACTOR - 1) * abs(middle)
    if len(means) >= LEAST_STEPS:
        # By the steps from one loss to the next, which no trend makes larger.
        deviation = 1.4826 / np.sqrt(2) * float(np.median(np.abs(np.diff(means))))
        limit = max(limit, middle + DEVIATIONS * deviation)
    else:
        limit = middle + (FACTOR_OF_FEW - 1) * abs(middle)
    loss = np.concatenate([step.loss for step in before[-LAST:]]).astype(np.float64)
    own = np.concatenate([step.usual for step in before[-LAST:]])
    known = np.isfinite(loss)
    return Usual(
        loss=middle,
        limit=limit,
        image=float(np.median(loss[known])) if known.any() else float("nan"),
        lately=_ratio(loss, own),
    )


def mean_loss(loss: NDArray[np.float32]) -> float:
    """Return the mean of losses [n]; in f8, for the sum of large ones is no f4."""
    return float(loss.mean(dtype=np.float64))


def _ratio(loss: Floats, usual: NDArray[np.float32]) -> float:
    """Return how large losses are by the usual ones of the same images; 1 where none is known."""
    known = np.isfinite(loss) & np.isfinite(usual)
    total = float(usual[known].sum(dtype=np.float64))
    return float(np.clip(loss[known].sum() / total, 0.05, 2)) if total > 0 else 1.0


def copies_share(step: Step) -> float:
    """Return which share of the images of a step are there already in it."""
    return 1 - len(np.unique(step.index)) / len(step)
