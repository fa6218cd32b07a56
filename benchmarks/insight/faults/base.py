"""What a planted fault is: what was planted where, where it can be, and when it is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from benchmarks.insight.setting import Setting
from deeptracker.layers import find_layers


@dataclass
class Truth:
    """What was planted: when, classes by number, layers by name, filters, and the `cause`.

    iteration: the first under the fault; None where it was there from the first step on, so that
        there is nothing to date. `latest`: where it comes on step by step, the last iteration at
        which it begins.
    shows: in what it shows first ("once": in what is recorded at the next snapshot; "loss",
        "class", "validation": as soon as the training loss, the error of the classes, or the
        validation loss leaves the range that it had before).
    end: the first iteration without the fault, where it does not last.
    tolerated: causes that may be named of a control without being false.
    """

    cause: str = ""
    iteration: int | None = None
    latest: int | None = None
    shows: str = "once"
    end: int | None = None
    classes: list[int] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    filters: list[int] = field(default_factory=list)
    tolerated: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where a fault can be: the training, random choices, and the images.

    labels: of all images [n], the `trained` training images first, then those of validation.
    learned: the classes of whose training images the network now gets more than half right.
    """

    model: nn.Module
    optimizers: Sequence[Optimizer]
    setting: Setting
    random: torch.Generator
    labels: Tensor
    trained: int
    learned: Callable[[], list[int]]

    def whole(self, low: int, high: int) -> int:
        """Return a random whole number in low..high."""
        return int(torch.randint(low, high + 1, (1,), generator=self.random))

    def start(self) -> int:
        """Return a random iteration in the middle of the training.

        Ahead of the drops of a schedule by steps: after them, nothing is forgotten any more.
        """
        latest = 0.4 if self.setting.schedule == "step" else 0.6
        return self.whole(self.setting.iterations // 4, int(self.setting.iterations * latest))

    def some(self, classes: Sequence[int], number: int) -> list[int]:
        """Return so many of the classes at random."""
        order = torch.randperm(len(classes), generator=self.random)[:number]
        return sorted(classes[i] for i in order.tolist())

    def layers(self) -> list[tuple[str, nn.Module, nn.Parameter]]:
        """Return the layers: name, module and weight."""
        found = find_layers(self.model, normalisation=False)
        return [(one.spec.name, one.module, one.weight) for one in found if one.weight is not None]

    def layer(self) -> tuple[str, nn.Parameter]:
        """Return a random layer: its name and weight."""
        found = self.layers()
        name, _, weight = found[self.whole(0, len(found) - 1)]
        return name, weight


class Fault:
    """What goes wrong; this one does nothing (the control). `at` counts iterations from 1."""

    cause: ClassVar[str] = ""
    # The image sets where it would be a fault.
    sets: ClassVar[frozenset[str]] = frozenset({"digits", "faces", "photographs", "letters"})
    rate_scale: float = 1.0
    # The script stops after this iteration and resumes.
    resumes_after: int | None = None
    # Validated so many images at a time; None: as the Recorder does by itself.
    validation_batch: int | None = None
    # Its validation images are noise while `corrupts`.
    corrupted_class: int | None = None

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """Say whether it can be planted in such a training, and would be a fault there."""
        return True

    @classmethod
    def adapted(cls, setting: Setting) -> Setting:
        """Return the setting that it needs from the start."""
        return setting

    def __init__(self, place: Place) -> None:
        self.place = place
        self.truth = Truth(cause=self.cause)

    def begin(self, at: int) -> None:
        """Change the network, the optimizers or the plans ahead of an iteration."""

    def indices(self, at: int, indices: Tensor) -> Tensor:
        """Change which images the network learns from at an iteration."""
        return indices

    def batch(self, at: int, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Change what the network learns from at an iteration."""
        return images, labels

    def rate(self, at: int, factor: float) -> float:
        """Change the factor of the learning rate."""
        return factor

    def before_step(self, at: int) -> None:
        """Change gradients ahead of a step."""

    def after_step(self, at: int) -> None:
        """Change the weights after a step."""

    def corrupts(self, at: int) -> bool:
        """Say whether the validation images of `corrupted_class` are noise by now."""
        return False

    def evaluates(self, at: int, forward: Callable[[], Tensor]) -> Tensor:
        """Return the scores of validation images, by `forward`, at a snapshot."""
        return forward()


class Started(Fault):
    """A fault from a random iteration on."""

    shows: ClassVar[str] = "once"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.start = place.start()
        self.truth = Truth(self.cause, self.start, shows=self.shows)

    def on(self, at: int) -> bool:
        """Say whether the fault is there at an iteration."""
        return at >= self.start and (self.truth.end is None or at < self.truth.end)
