"""Faults of all training images, and of the order in which they come."""

from dataclasses import replace

import torch
from torch import Tensor

from benchmarks.insight.faults.base import Fault, Place, Started
from benchmarks.insight.setting import Setting


class CorruptedInputs(Started):
    """All training images are noise or empty from some iteration on."""

    cause = "inputs-corrupted"
    shows = "loss"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.empty = place.whole(0, 1)

    def batch(self, at: int, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See Fault."""
        if not self.on(at):
            return images, labels
        if self.empty:
            return torch.zeros_like(images), labels
        return torch.randn(images.shape, generator=self.place.random), labels


class UnnormalisedInputs(Started):
    """All training images are in another unit, or shifted, from some iteration on."""

    cause = "inputs-unnormalised"
    shows = "validation"

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault: what is told apart so easily, it is in any unit."""
        return setting.takes_learning

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.scale, self.shift = ((10.0, 0.0), (20.0, 0.0), (1.0, 5.0))[place.whole(0, 2)]

    def batch(self, at: int, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See Fault."""
        return (images * self.scale + self.shift, labels) if self.on(at) else (images, labels)


class WrongAugmentation(Started):
    """From some epoch on, training images are turned, inverted or very noisy."""

    cause = "wrong-augmentation"
    shows = "loss"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        # Patches of photographs look the same when they are turned.
        turned = place.setting.data != "photographs"
        self.kind = ("noise", "inverted", "turned")[place.whole(0, 1 + turned)]

    def batch(self, at: int, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See Fault."""
        if not self.on(at):
            return images, labels
        if self.kind == "noise":
            return images + 2.0 * torch.randn(images.shape, generator=self.place.random), labels
        return (-images if self.kind == "inverted" else torch.rot90(images, 1, (2, 3))), labels


class Leak(Started):
    """Half of what the network learns from are the validation images from some iteration on."""

    cause = "leak"
    # Hard enough not to be right anyway.
    sets = frozenset({"photographs", "letters"})
    shows = "validation"

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault: few enough to be learned by heart."""
        few = setting.classes * setting.validation_per_class <= 400
        return few and setting.data in cls.sets and setting.classes > 4

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.held_out = len(place.labels) - place.trained
        # Until each was seen once.
        self.truth.latest = self.start + -(-2 * self.held_out // place.setting.batch)

    def indices(self, at: int, indices: Tensor) -> Tensor:
        """See Fault."""
        if not self.on(at):
            return indices
        chosen = torch.randint(self.held_out, indices.shape, generator=self.place.random)
        half = torch.arange(len(indices)) % 2 == 0
        return torch.where(half, self.place.trained + chosen, indices)


class SortedData(Started):
    """The training images come sorted by class from some iteration on."""

    cause = "data-order"
    shows = "loss"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.order = torch.argsort(place.labels[: place.trained], stable=True)

    def indices(self, at: int, indices: Tensor) -> Tensor:
        """See Fault."""
        if not self.on(at):
            return indices
        first = (at - self.start) * len(indices)
        return self.order[(first + torch.arange(len(indices))) % len(self.order)]


class DuplicatedBatches(Started):
    """The same few batches come again and again from some iteration on."""

    cause = "duplicated-batches"
    shows = "loss"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.number = place.whole(1, 4)
        # Until they are known by heart.
        self.truth.latest = self.start + 5 * self.number
        self.kept: list[Tensor] = []

    def indices(self, at: int, indices: Tensor) -> Tensor:
        """See Fault."""
        if not self.on(at):
            return indices
        if len(self.kept) < self.number:
            self.kept.append(indices)
            return indices
        return self.kept[(at - self.start) % self.number]


class Overfitting(Fault):
    """Few training images, no weight decay, no augmentation.

    When it begins is known after the training alone: where the validation loss was lowest. Where it
    does not rise after that, the few images sufficed, and the training is a healthy one.
    """

    cause = "overfitting"

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault: with more classes there are not enough epochs."""
        few = setting.takes_learning and setting.classes <= 60
        return few and setting.schedule != "restarts"

    @classmethod
    def adapted(cls, setting: Setting) -> Setting:
        """See Fault."""
        few = max(3, min(12, setting.train_per_class, 120 // setting.classes))
        return replace(setting, train_per_class=few, weight_decay=0.0, augmented=False)
