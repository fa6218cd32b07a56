"""The faults that the insight benchmark plants in a training, each at a known place."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from deeptracker.layers import find_layers


@dataclass
class Truth:
    """What was planted: iterations that must be named, classes, layers by name, filters.

    An iteration is that of the first step under the fault, or of the first without it. Where `rule`
    is given, only answers count that rest on it.
    """

    iterations: list[int] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    filters: list[int] = field(default_factory=list)
    rule: str = ""


@dataclass(frozen=True)
class Place:
    """Where a fault can be: the training, its length in iterations, random choices, real images."""

    model: nn.Module
    optimizer: Optimizer
    iterations: int
    random: torch.Generator

    def whole(self, low: int, high: int) -> int:
        """Return a random whole number in low..high."""
        return int(torch.randint(low, high + 1, (1,), generator=self.random))

    def start(self) -> int:
        """Return a random iteration in the middle third of the training."""
        return self.whole(self.iterations // 4, self.iterations * 3 // 5)

    def layer(self) -> tuple[str, nn.Parameter]:
        """Return a random layer: its name and its weight."""
        found = find_layers(self.model, normalisation=False)
        layers = [(layer.spec.name, layer.weight) for layer in found if layer.weight is not None]
        return layers[self.whole(0, len(layers) - 1)]


class Fault:
    """What goes wrong; this one does nothing (the control). `at` counts iterations from 1."""

    train_images: int | None = None
    weight_decay: float = 5e-4
    corrupted_class: int | None = None
    wants_validation = False

    def __init__(self, place: Place) -> None:
        self.place = place
        self.truth = Truth()

    def batch(self, at: int, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Change what the network learns from at an iteration."""
        return images, labels

    def before_step(self, at: int) -> None:
        """Change the network, the optimizer or the gradients ahead of a step."""

    def after_step(self, at: int) -> None:
        """Change the weights, or undo a change, after a step."""

    def corrupts(self, at: int) -> bool:
        """Say whether the validation images of `corrupted_class` are noise by now."""
        return False

    def validated(self, at: int, loss: float) -> None:
        """Take the validation loss after a step; asked for only where `wants_validation`."""


class SwappedLabels(Fault):
    """The training labels of two classes are exchanged for a while."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        first = place.whole(0, 9)
        self.pair = (first, (first + place.whole(1, 9)) % 10)
        self.start = place.start()
        self.end = self.start + place.whole(60, 100)
        self.truth = Truth([self.start, self.end], sorted(self.pair))

    def batch(self, at: int, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See Fault."""
        if not self.start <= at < self.end:
            return images, labels
        a, b = self.pair
        changed = labels.clone()
        changed[labels == a], changed[labels == b] = b, a
        return images, changed


class HighRate(Fault):
    """The learning rate is 50 times higher for some steps."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.start = place.start()
        self.steps = place.whole(3, 10)
        self.truth = Truth([self.start])

    def _scale(self, factor: float) -> None:
        for group in self.place.optimizer.param_groups:
            group["lr"] *= factor

    def before_step(self, at: int) -> None:
        """See Fault."""
        if self.start <= at < self.start + self.steps:
            self._scale(50.0)

    def after_step(self, at: int) -> None:
        """See Fault."""
        if self.start <= at < self.start + self.steps:
            self._scale(1 / 50.0)


class NewFilters(Fault):
    """Some filters of one layer are initialised anew."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.start = place.start()
        name, self.weight = place.layer()
        number = place.whole(2, max(2, len(self.weight) // 4))
        chosen = torch.randperm(len(self.weight), generator=place.random)[:number]
        self.truth = Truth([self.start], layers=[name], filters=sorted(chosen.tolist()))
        fresh = torch.empty_like(self.weight)
        nn.init.kaiming_normal_(fresh, nonlinearity="relu", generator=place.random)
        self.fresh = fresh[chosen]

    @torch.no_grad()
    def before_step(self, at: int) -> None:
        """See Fault."""
        if at == self.start:
            self.weight[self.truth.filters] = self.fresh


class FrozenLayer(Fault):
    """One layer learns no longer from some iteration on."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.start = place.start()
        name, self.weight = place.layer()
        self.truth = Truth([self.start], layers=[name])

    def before_step(self, at: int) -> None:
        """See Fault."""
        if at >= self.start:
            self.weight.grad = None
            self.weight.requires_grad_(False)


class NoiseInputs(Fault):
    """The training images of one class are noise for a while."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.start = place.start()
        self.end = self.start + place.whole(60, 100)
        self.truth = Truth([self.start], [place.whole(0, 9)])

    def batch(self, at: int, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See Fault."""
        if not self.start <= at < self.end:
            return images, labels
        noise = torch.rand(images.shape, generator=self.place.random)
        mine = (labels == self.truth.classes[0]).reshape(-1, 1, 1, 1)
        return torch.where(mine, noise, images), labels


class Explosion(Fault):
    """The gradient of one layer grows from step to step until nothing is finite any more.

    The truth's iteration is the first at which a weight or the loss is NaN or Inf.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.start = place.start()
        name, self.weight = place.layer()
        self.truth = Truth(layers=[name])
        self._first: Tensor | None = None

    def before_step(self, at: int) -> None:
        """See Fault."""
        if at < self.start or self.weight.grad is None:
            return
        if self._first is None:
            self._first = self.weight.grad.clone()
        # The direction is kept: a network that died of the first steps would have no gradient.
        self.weight.grad = self._first * float(2.0 ** (3 * (at - self.start + 1)))

    def after_step(self, at: int) -> None:
        """See Fault."""
        finite = all(bool(p.isfinite().all()) for p in self.place.model.parameters())
        if not finite and not self.truth.iterations:
            self.truth.iterations = [at]


class BadScale(Fault):
    """The first weights of one layer are 100 times too large or too small."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        name, weight = place.layer()
        with torch.no_grad():
            weight.mul_(100.0 if place.whole(0, 1) else 0.01)
        self.truth = Truth([1], layers=[name])


class Overfitting(Fault):
    """Few training images and no weight decay.

    The truth's iteration is that after which the validation loss was lowest, by evaluations of the
    benchmark's own after every step: what early stopping would have kept.
    """

    train_images = 60
    weight_decay = 0.0
    wants_validation = True

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.truth = Truth(rule="overfitting")
        self._lowest = math.inf

    def validated(self, at: int, loss: float) -> None:
        """See Fault."""
        if loss < self._lowest:
            self._lowest, self.truth.iterations = loss, [at]


class CorruptedValidation(Fault):
    """The validation images of one class are noise from some iteration on."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.start = place.start()
        self.corrupted_class = place.whole(0, 9)
        self.truth = Truth([self.start], [self.corrupted_class])

    def corrupts(self, at: int) -> bool:
        """See Fault."""
        return at >= self.start


FAULTS: Mapping[str, Callable[[Place], Fault]] = MappingProxyType(
    {
        "control": Fault,
        "swapped labels": SwappedLabels,
        "learning rate x 50": HighRate,
        "filters re-initialised": NewFilters,
        "layer frozen": FrozenLayer,
        "inputs are noise": NoiseInputs,
        "explosion to NaN": Explosion,
        "bad initial scale": BadScale,
        "overfitting": Overfitting,
        "validation corrupted": CorruptedValidation,
    }
)
