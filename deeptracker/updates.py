"""What steps did to every layer: gradients before, weights after less weights before."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from deeptracker.isolation import plain_arithmetic
from deeptracker.layers import Layer
from deeptracker.statistics import (
    LayerNumbers,
    all_finite,
    change_bands,
    filter_norms,
    layer_numbers,
    no_bands,
    no_numbers,
    norm_ratio,
)


@dataclass(frozen=True)
class Update:
    """The update of one layer: its numbers, change bands f8 [7], ||dw|| / ||w|| f8 [F]."""

    numbers: LayerNumbers
    bands: Tensor
    ratio: Tensor


@dataclass(frozen=True)
class Steps:
    """What the steps since the last snapshot did, of every layer.

    Where no step was seen, `stepped` is False and gradient and update are all NaN.
    """

    gradients: list[LayerNumbers]
    updates: list[Update]
    stepped: list[bool]


class StepObserver:
    """Measures gradients and updates of the steps that are wanted; costs others nothing.

    The gradient is the one that the optimizer sees: accumulated, unscaled and clipped, before
    learning rate, momentum and decay. The update is the weights after the step minus those
    before. The step at the iteration of the snapshot counts, the last one where there are several.
    A layer that was once missed there, because its optimizer keeps another rhythm, is measured at
    its first step after each snapshot, too: so there is one, whatever the rhythm.

    Who knows of steps calls `before_step` and `after_step`; see OptimizerWatch for torch's.
    """

    def __init__(self, model: nn.Module, layers: Sequence[Layer], due: Callable[[], bool]) -> None:
        self._model, self._layers = model, layers
        self.due = due
        self._before: dict[int, Tensor] = {}
        self._gradients: dict[int, LayerNumbers] = {}
        self._updates: dict[int, Update] = {}
        self._missed: set[int] = set()

    def forget(self) -> None:
        """Drop what was measured, ahead of the next iteration."""
        self._before.clear()
        self._gradients.clear()
        self._updates.clear()

    def find_layers(self) -> list[Layer]:
        """Look all layers up again; return those that the network no longer has."""
        return [layer for layer in self._layers if not layer.find(self._model)]

    def owned(self, parameters: Collection[int]) -> list[int]:
        """Return the layers that are trained by who holds the parameters with these ids."""
        self.find_layers()
        return [
            index
            for index, layer in enumerate(self._layers)
            if layer.weight is not None and any(id(part) in parameters for part in layer.parts())
        ]

    def wants_step(self) -> bool:
        """Say whether the step that comes may have to be measured."""
        return self.due() or bool(self._missed - self._updates.keys())

    def wanted(self, parameters: Collection[int]) -> list[int]:
        """Return which of the layers with these parameters are to be measured now."""
        owned = self.owned(parameters)
        if self.due():
            return owned
        return [index for index in owned if index in self._missed and index not in self._updates]

    @torch.no_grad()
    def before_step(
        self, indices: Sequence[int], *, gradients: bool, scale: Tensor | None = None
    ) -> None:
        """Take weights, and gradients where they are there already, `scale` times too large."""
        for index in indices:
            kept = self._layers[index].kept()
            if kept is not None:
                self._before[index] = kept
        if gradients:
            self._take_gradients(indices, scale)

    @torch.no_grad()
    def after_step(self, indices: Sequence[int], *, gradients: bool = False) -> None:
        """Take what the step made of the weights; the gradients only now where they came in it."""
        found = [index for index in indices if index in self._before]
        if gradients:
            # The closure computes the gradient within the step; its last one is what was seen.
            self._take_gradients(found, None)
        self._take_updates(found)

    def step_was_skipped(self, indices: Sequence[int]) -> None:
        """Drop the weights that were taken: there was no step after all."""
        for index in indices:
            self._before.pop(index, None)

    def _take_gradients(self, indices: Sequence[int], scale: Tensor | None) -> None:
        rows, present = [], []
        for index in indices:
            layer = self._layers[index]
            gradient = layer.gradient()
            if gradient is None:
                self._gradients[index] = no_numbers(layer.spec.filters, layer.device)
                continue
            row = layer.rows(gradient)
            present.append(index)
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
        now = layer.effective()
        assert now is not None
        wide = torch.promote_types(before.dtype, torch.float32)
        return layer.rows(now.to(wide) - before.to(wide))

    @torch.no_grad()
    def collect(self) -> Steps:
        """Return gradient and update of every layer at this iteration."""
        every = range(len(self._layers))
        missing = [i for i in every if i not in self._updates]
        self._missed |= set(missing)
        self._take_standing([i for i in missing if i not in self._gradients])
        for index in missing:
            layer = self._layers[index]
            nothing = no_numbers(layer.spec.filters, layer.device)
            self._gradients.setdefault(index, nothing)
            self._updates[index] = Update(nothing, no_bands(layer.device), nothing.sums.l2)
        return Steps(
            [self._gradients[i] for i in every],
            [self._updates[i] for i in every],
            [index not in missing for index in every],
        )

    def _take_standing(self, indices: Sequence[int]) -> None:
        """Take gradients that no step used, if they are why: a scaler skips where one overflows."""
        if not indices:
            return
        found = [g for i in indices if (g := self._layers[i].gradient()) is not None]
        if found and not all(all_finite(found)):
            self._take_gradients(indices, None)


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
