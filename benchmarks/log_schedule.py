"""When something happens in a synthetic run: learning-rate drops and planted unusual iterations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Shares of the run at which the learning rate falls to a tenth, and at which, besides, many stable
# images flip for no such reason.
DROPS = (0.25, 0.5, 0.75)
DISTURBANCES = (0.13, 0.38, 0.62, 0.88)
FIRST_RATE = 0.1
_KINDS = ("forgotten", "learned", "dip")


@dataclass(frozen=True)
class Planted:
    """An unusual snapshot: its index, whether the learning rate dropped there, what images do.

    `kind`: stable images are "forgotten" or "learned" for good, or forgotten for one snapshot
    ("dip"). `classes` are those concerned, rising.
    """

    index: int
    drop: bool
    kind: str
    classes: NDArray[np.int64]


@dataclass(frozen=True)
class Schedule:
    """The course of a run of `snapshots` snapshots; it may be continued beyond them."""

    snapshots: int
    planted: tuple[Planted, ...]

    @property
    def drops(self) -> tuple[int, ...]:
        """Return the snapshot indices at which the learning rate falls."""
        return tuple(event.index for event in self.planted if event.drop)

    def rate(self, index: int) -> float:
        """Return the learning rate of the iterations that lead to a snapshot."""
        return FIRST_RATE * 10.0 ** -sum(index >= drop for drop in self.drops)

    def skill(self, index: int) -> float:
        """Return how good the network is; an image is right where skill exceeds its difficulty."""
        level = -3.0 + 3.15 * -np.expm1(-(index + 1) / (0.035 * self.snapshots + 1))
        for gain, drop in zip((0.5, 0.2, 0.08), self.drops, strict=False):
            if index >= drop:
                level += gain * -np.expm1(-(index - drop + 1) / 1.2)
        return float(level)

    def noise(self, index: int) -> float:
        """Return by how much an image's margin jumps about; less at a lower learning rate."""
        return float(0.7 * (self.rate(index) / FIRST_RATE) ** 0.22)


def schedule(rng: np.random.Generator, *, snapshots: int, classes: int) -> Schedule:
    """Plant the events; the same classes are met again and again, as views want to show."""
    pool = np.sort(rng.permutation(classes)[: max(1, round(0.12 * classes))])
    shares = sorted([(share, True) for share in DROPS] + [(share, False) for share in DISTURBANCES])
    events: dict[int, Planted] = {}
    for number, (share, drop) in enumerate(shares):
        index = round(share * snapshots)
        if not 0 < index < snapshots or index in events:
            continue
        concerned = rng.choice(pool, max(1, round(0.5 * len(pool))), replace=False)
        events[index] = Planted(index, drop, _KINDS[number % len(_KINDS)], np.sort(concerned))
    return Schedule(snapshots, tuple(events[index] for index in sorted(events)))
