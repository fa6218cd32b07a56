"""Faults of labels and of single classes."""

from typing import ClassVar

import torch
from torch import Tensor

from benchmarks.insight.faults.base import Fault, Place, Started, Truth
from benchmarks.insight.setting import Setting

# The last part of a training is left for a fault to show.
_LATEST = 0.75


class _OfClasses(Started):
    """A fault of some classes from a random iteration on: of classes that the network has learned.

    It waits until there are enough: what was never right cannot go wrong.
    """

    shows = "class"
    number: ClassVar[int] = 1

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault: of two classes, what happens to one happens to all."""
        return setting.classes > max(2, cls.number)

    def begin(self, at: int) -> None:
        """See Fault."""
        if at != self.start:
            return
        setting, learned = self.place.setting, self.place.learned()
        if len(learned) >= self.number:
            self.truth.classes = self.place.some(learned, self.number)
        elif at + setting.every < _LATEST * setting.iterations:
            self.postpone(setting.every)
        else:
            self.truth.classes = self.place.some(range(setting.classes), self.number)

    def postpone(self, iterations: int) -> None:
        """Begin so many iterations later."""
        self.start += iterations
        self.truth.iteration = self.start
        if self.truth.end is not None:
            self.truth.end += iterations


class ExchangedLabels(_OfClasses):
    """The training labels of two classes are exchanged from some iteration on."""

    cause = "labels-exchanged"
    number = 2

    def batch(self, at: int, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See Fault."""
        if not self.on(at):
            return images, labels
        a, b = self.truth.classes
        changed = labels.clone()
        changed[labels == a], changed[labels == b] = b, a
        return images, changed


class ExchangedLabelsForAWhile(ExchangedLabels):
    """The training labels of two classes are exchanged for a while."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        iterations = place.setting.iterations
        self.truth.end = self.start + place.whole(iterations // 6, iterations // 4)


class NoisyLabels(_OfClasses):
    """Most training images of a class have a random other label from some iteration on."""

    cause = "label-noise"

    def batch(self, at: int, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See Fault."""
        if not self.on(at):
            return images, labels
        classes = self.place.setting.classes
        other = torch.randint(1, classes, labels.shape, generator=self.place.random)
        hit = torch.rand(labels.shape, generator=self.place.random) < 0.7
        wrong = (labels + other) % classes
        return images, torch.where((labels == self.truth.classes[0]) & hit, wrong, labels)


class CorruptedClass(_OfClasses):
    """The training images of one class are noise from some iteration on."""

    cause = "class-corrupted"

    def batch(self, at: int, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See Fault."""
        if not self.on(at):
            return images, labels
        noise = torch.randn(images.shape, generator=self.place.random)
        mine = (labels == self.truth.classes[0]).reshape(-1, 1, 1, 1)
        return torch.where(mine, noise, images), labels


class CorruptedValidation(_OfClasses):
    """The validation images of one class are noise from some iteration on."""

    cause = "class-corrupted"

    def begin(self, at: int) -> None:
        """See Fault."""
        super().begin(at)
        if self.truth.classes:
            self.corrupted_class = self.truth.classes[0]

    def corrupts(self, at: int) -> bool:
        """See Fault."""
        return self.on(at)


def _without(place: Place, indices: Tensor, missing: int) -> Tensor:
    """Return indices in which random images of other classes stand for those of a class."""
    others = (place.labels[: place.trained] != missing).nonzero().flatten()
    chosen = torch.randint(len(others), indices.shape, generator=place.random)
    return torch.where(place.labels[indices] == missing, others[chosen], indices)


class MissingClass(_OfClasses):
    """One class has no training images any more from some iteration on."""

    cause = "class-missing"

    def indices(self, at: int, indices: Tensor) -> Tensor:
        """See Fault."""
        return _without(self.place, indices, self.truth.classes[0]) if self.on(at) else indices


class NeverAClass(Fault):
    """One class has no training images from the start."""

    cause = "class-missing"

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault."""
        return 2 < setting.classes <= 100

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.truth = Truth(self.cause, classes=[place.whole(0, place.setting.classes - 1)])

    def indices(self, at: int, indices: Tensor) -> Tensor:
        """See Fault."""
        return _without(self.place, indices, self.truth.classes[0])
