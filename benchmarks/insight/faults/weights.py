"""Faults of the weights and gradients of one layer."""

import torch
from torch import nn

from benchmarks.insight.faults.base import Fault, Place, Started, Truth
from benchmarks.insight.setting import Setting


class _OfALayer(Started):
    """A fault of one random layer from a random iteration on."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        name, self.weight = place.layer()
        self.truth.layers = [name]

    def fresh(self) -> torch.Tensor:
        """Return weights as a network begins with."""
        fresh = torch.empty_like(self.weight)
        nn.init.kaiming_normal_(fresh, nonlinearity="relu", generator=self.place.random)
        return fresh


class NewFilters(_OfALayer):
    """Some filters of one layer are initialised anew."""

    cause = "layer-reinitialised"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        number = place.whole(2, max(2, len(self.weight) // 4))
        chosen = torch.randperm(len(self.weight), generator=place.random)[:number]
        self.truth.filters = sorted(chosen.tolist())

    @torch.no_grad()
    def begin(self, at: int) -> None:
        """See Fault."""
        if at == self.start:
            self.weight[self.truth.filters] = self.fresh()[self.truth.filters]


class NewLayer(_OfALayer):
    """One layer is initialised anew."""

    cause = "layer-reinitialised"

    @torch.no_grad()
    def begin(self, at: int) -> None:
        """See Fault."""
        if at == self.start:
            self.weight.copy_(self.fresh())


class RescaledLayer(_OfALayer):
    """The weights of one layer are ten times larger, or smaller, at once."""

    cause = "layer-rescaled"

    @torch.no_grad()
    def begin(self, at: int) -> None:
        """See Fault."""
        if at == self.start:
            self.weight.mul_(10.0 if self.place.whole(0, 1) else 0.1)


class BadScale(Fault):
    """The first weights of one layer are 100 times too large or too small."""

    cause = "layer-rescaled"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        name, weight = place.layer()
        with torch.no_grad():
            weight.mul_(100.0 if place.whole(0, 1) else 0.01)
        self.truth = Truth(self.cause, layers=[name])


class FrozenLayer(_OfALayer):
    """One layer learns no longer from some iteration on."""

    cause = "frozen-layer"

    def begin(self, at: int) -> None:
        """See Fault."""
        if at == self.start:
            self.weight.grad = None
            self.weight.requires_grad_(False)


class DeadUnits(Started):
    """All units of one layer are pushed to where a ReLU puts out 0 and no gradient comes back."""

    cause = "dead-units"

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault: the others have no ReLU."""
        return setting.network in ("residual", "plain", "encoder")

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        modules = dict(place.model.named_modules())
        ahead = {
            "residual": [name for name in modules if name.endswith("conv1")],
            "plain": ["conv1", "conv2", "conv3", "conv4", "fc1"],
            "encoder": [name for name in modules if name.endswith("linear1")],
        }[place.setting.network]
        name = ahead[place.whole(0, len(ahead) - 1)]
        self.truth.layers = [name]
        # Where normalisation follows, its shift decides.
        norm = modules.get(name.replace("conv", "norm"))
        self.module = norm if isinstance(norm, nn.BatchNorm2d) else modules[name]

    @torch.no_grad()
    def begin(self, at: int) -> None:
        """See Fault."""
        if at == self.start:
            assert isinstance(self.module.bias, nn.Parameter)
            self.module.bias.fill_(-50.0)


class _Gradients(_OfALayer):
    cause = "gradient-explosion"

    @classmethod
    def applies(cls, setting: Setting) -> bool:
        """See Fault: others divide by its size, and where nothing is left to learn it is 0."""
        return setting.optimizer == "sgd" and setting.takes_learning


class Explosion(_Gradients):
    """The gradient of one layer grows from step to step until nothing is finite any more."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._first: torch.Tensor | None = None

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
        if not finite and self.truth.latest is None:
            self.truth.latest = at


class GradientBurst(_Gradients):
    """The gradient of one layer is a thousand times as large for some steps."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.truth.end = self.start + place.setting.every + place.whole(0, 4)

    def before_step(self, at: int) -> None:
        """See Fault."""
        if self.on(at) and self.weight.grad is not None:
            self.weight.grad.mul_(1000.0)


class NotANumber(_OfALayer):
    """One weight of a layer becomes NaN.

    One step later all layers hold NaN; which was first is known where the step was recorded alone.
    """

    cause = "not-finite"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        if self.start % place.setting.every:
            self.truth.layers = []

    @torch.no_grad()
    def after_step(self, at: int) -> None:
        """See Fault."""
        if at == self.start:
            self.weight.view(-1)[0] = torch.nan
