"""What one optimizer step did to every layer, seen by hooks around the step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from deeptracker.errors import RecordingError
from deeptracker.isolation import plain_arithmetic
from deeptracker.layers import Layer
from deeptracker.statistics import (
    LayerNumbers,
    all_finite,
    change_bands,
    filter_norms,
    layer_numbers,
    no_numbers,
    norm_ratio,
)


@dataclass(frozen=True)
class Update:
    """The update of one layer: its numbers, change bands f8 [7], ||dw|| / ||w|| f8 [F]."""

    numbers: LayerNumbers
    bands: Tensor
    ratio: Tensor


class StepWatch:
    """Measures gradients and updates of the steps for which `due()` holds; costs others nothing.

    The gradient is the one that the optimizer sees: accumulated, unscaled and clipped, before
    learning rate, momentum and decay. The update is the weights after the step minus those
    before. Where several steps fall into one iteration, the last one of each layer counts.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        optimizers: Sequence[Optimizer],
        due: Callable[[], bool],
    ) -> None:
        self._layers = layers
        self._due = due
        self._before: dict[int, Tensor] = {}
        self._gradients: dict[int, LayerNumbers] = {}
        self._updates: dict[int, Update] = {}
        self._rates: dict[str, float | Tensor] = {}
        self._hooks = []
        self._optimizers = optimizers
        for optimizer in optimizers:
            if not isinstance(optimizer, Optimizer):
                raise RecordingError(
                    f"optimizer is a {type(optimizer).__name__}, no torch.optim.Optimizer; pass "
                    "the torch optimizer that it wraps"
                )
            self._hooks.append(optimizer.register_step_pre_hook(self._ahead_of_step))
            self._hooks.append(optimizer.register_step_post_hook(self._after_step))

    def close(self) -> None:
        """Take the hooks away and let go of what they hold."""
        for hook in self._hooks:
            hook.remove()
        self.forget()

    def forget(self) -> None:
        """Drop what was measured, ahead of the next iteration."""
        self._before.clear()
        self._gradients.clear()
        self._updates.clear()

    def learning_rates(self) -> dict[str, float | Tensor]:
        """Return the learning rates that the last step used, by the names of their scalars.

        `learning_rate` is that of the first group; `learning_rate/1` and so on those of others.
        """
        return self._rates or self._rates_now()

    def _rates_now(self) -> dict[str, float | Tensor]:
        groups = [group for optimizer in self._optimizers for group in optimizer.param_groups]
        found: dict[str, float | Tensor] = {}
        for index, group in enumerate(groups):
            rate = group.get("lr")
            if rate is not None:
                name = f"learning_rate/{index}" if index else "learning_rate"
                # A rate held in a tensor is changed in place by its schedule.
                found[name] = rate.detach().clone() if isinstance(rate, Tensor) else float(rate)
        return found

    @torch.no_grad()
    def _ahead_of_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: Any) -> None:
        self._rates = self._rates_now()
        if not self._due():
            return
        owned = self._owned(optimizer)
        for index in owned:
            self._before[index] = self._layers[index].weight.detach().clone()
        if not _has_closure(args, kwargs):
            self._take_gradients(owned, getattr(optimizer, "grad_scale", None))

    @torch.no_grad()
    def _after_step(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: Any) -> None:
        if not self._due():
            return
        owned = [index for index in self._owned(optimizer) if index in self._before]
        if _has_closure(args, kwargs):
            # The closure computes the gradient within the step; its last one is what was seen.
            self._take_gradients(owned, None)
        self._take_updates(owned)

    def _owned(self, optimizer: Optimizer) -> list[int]:
        own = {id(p) for group in optimizer.param_groups for p in group["params"]}
        return [index for index, layer in enumerate(self._layers) if id(layer.weight) in own]

    def _take_gradients(self, indices: Sequence[int], scale: Tensor | None) -> None:
        present = [i for i in indices if self._layers[i].weight.grad is not None]
        for index in set(indices) - set(present):
            layer = self._layers[index]
            self._gradients[index] = no_numbers(layer.spec.filters, layer.device)
        rows = []
        for index in present:
            layer = self._layers[index]
            gradient = layer.weight.grad
            assert gradient is not None
            row = layer.rows(gradient.to_dense() if gradient.is_sparse else gradient)
            # A fused optimizer takes the scaled gradient and unscales it itself.
            rows.append(row if scale is None else row / scale.to(row.device))
        self._gradients |= zip(present, numbers_of(rows), strict=True)

    def _take_updates(self, indices: Sequence[int]) -> None:
        before = [self._layers[i].rows(self._before[i]) for i in indices]
        rows = [self._difference(index) for index in indices]
        for index, row, base, numbers in zip(indices, rows, before, numbers_of(rows), strict=True):
            with plain_arithmetic(row.device):
                ratio = norm_ratio(numbers.sums.l2, filter_norms(base))
                self._updates[index] = Update(numbers, change_bands(row, base), ratio)
            del self._before[index]

    def _difference(self, index: int) -> Tensor:
        """Return weights now minus before as rows, subtracted before anything is rounded."""
        layer, before = self._layers[index], self._before[index]
        wide = torch.promote_types(before.dtype, torch.float32)
        return layer.rows(layer.weight.detach().to(wide) - before.to(wide))

    @torch.no_grad()
    def collect(self) -> tuple[list[LayerNumbers], list[Update]]:
        """Return gradient and update of every layer at this iteration.

        A layer that no step touched (a step skipped by a gradient scaler, or weights that no
        optimizer holds) has its gradient as it stands, or none, and an update of zero.
        """
        every = range(len(self._layers))
        self._take_gradients([i for i in every if i not in self._gradients], None)
        still = [i for i in every if i not in self._updates]
        for index in still:
            self._before[index] = self._layers[index].weight.detach().clone()
        self._take_updates(still)
        return [self._gradients[i] for i in every], [self._updates[i] for i in every]


def numbers_of(rows: list[Tensor]) -> list[LayerNumbers]:
    """Return the numbers of many tensors [F, K]; at most one synchronisation per device."""
    finite: dict[int, bool] = {}
    for device in {row.device for row in rows}:
        here = [i for i, row in enumerate(rows) if row.device == device]
        finite |= zip(here, all_finite([rows[i] for i in here]), strict=True)
    found = []
    for index, row in enumerate(rows):
        with plain_arithmetic(row.device):
            found.append(layer_numbers(row, finite=finite[index]))
    return found


def _has_closure(args: tuple[Any, ...], kwargs: Any) -> bool:
    # The first argument is the optimizer itself.
    return (len(args) > 1 and args[1] is not None) or kwargs.get("closure") is not None
