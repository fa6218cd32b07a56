"""What steps did to every layer: gradients before, weights after less weights before."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from deeptracker.host_numbers import host_numbers
from deeptracker.host_tally import Found, Rows
from deeptracker.isolation import plain_arithmetic
from deeptracker.layers import Layer, held_here, is_sharded
from deeptracker.lockstep import OneProcess
from deeptracker.shard_quartiles import ordered_keys
from deeptracker.statistics import (
    LayerNumbers,
    all_finite,
    change_bands,
    changes_between,
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

    def __init__(
        self,
        model: nn.Module,
        layers: Sequence[Layer],
        due: Callable[[], bool],
        group: OneProcess | None = None,
    ) -> None:
        self._model, self._layers = model, layers
        self._group = group or OneProcess()
        self.due = due
        self._before: dict[int, Tensor] = {}
        # What has to be gathered from several processes is, once all of them are at a snapshot.
        self._gradients: dict[int, LayerNumbers | Callable[[], LayerNumbers]] = {}
        self._updates: dict[int, Update | Callable[[], Update]] = {}
        self._missed: set[int] = set()

    def forget(self) -> None:
        """Drop what was measured, ahead of the next iteration."""
        self._before.clear()
        self._gradients.clear()
        self._updates.clear()

    def sharded_since(self) -> bool:
        """Say whether other processes came to hold parts of a network that was here alone."""
        return not self._group.shared and any(map(is_sharded, self._model.parameters()))

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
                self._gradients[index] = no_numbers(layer.filters, layer.device)
                continue
            if layer.cut:
                later = partial(_gathered_gradient, layer, gradient.detach().clone(), scale)
                self._gradients[index] = later
                continue
            row = layer.rows(gradient)
            present.append(index)
            # A fused optimizer takes the scaled gradient and unscales it itself.
            rows.append(row if scale is None else row / scale.to(row.device))
        found = numbers_of([Rows(row) for row in rows], ordered=self._group.shared)
        self._gradients |= zip(present, [each.numbers for each in found], strict=True)

    def _take_updates(self, indices: Sequence[int]) -> None:
        for index in [index for index in indices if self._layers[index].cut]:
            change, start = self._difference(index), self._before.pop(index)
            self._updates[index] = partial(_gathered_update, self._layers[index], change, start)
        indices = [index for index in indices if not self._layers[index].cut]
        found = numbers_of([self._rows(i) for i in indices], ordered=self._group.shared)
        for index, numbers in zip(indices, found, strict=True):
            self._updates[index] = _update(numbers)
            del self._before[index]

    def _rows(self, index: int) -> Rows:
        layer, before = self._layers[index], self._before[index]
        now = layer.effective()
        if now is None or torch.promote_types(before.dtype, torch.float32) != torch.float32:
            return Rows(layer.rows(self._difference(index)), layer.rows(before), subtracted=True)
        return Rows(layer.rows(now), layer.rows(before))

    def _difference(self, index: int) -> Tensor:
        """Return weights now minus before, subtracted before anything is rounded."""
        layer, before = self._layers[index], self._before[index]
        now = layer.effective()
        assert now is not None
        wide = torch.promote_types(before.dtype, torch.float32)
        return now.to(wide) - before.to(wide)

    @torch.no_grad()
    def collect(self) -> Steps:
        """Return gradient and update of every layer at this iteration.

        Where the network is sharded, all of the group call this.
        """
        every = range(len(self._layers))
        missing = [i for i in every if i not in self._updates]
        self._missed |= set(missing)
        self._take_standing([i for i in missing if i not in self._gradients])
        for index in missing:
            layer = self._layers[index]
            nothing = no_numbers(layer.filters, layer.device)
            self._gradients.setdefault(index, nothing)
            self._updates[index] = Update(nothing, no_bands(layer.device), nothing.sums.l2)
        gradients = [self._gradients[i] for i in every]
        updates = [self._updates[i] for i in every]
        waiting = [callable(found) for found in (*gradients, *updates)]
        self._group.same("which layers took a step", waiting)
        return Steps(
            [found() if callable(found) else found for found in gradients],
            [found() if callable(found) else found for found in updates],
            [index not in missing for index in every],
        )

    def _take_standing(self, indices: Sequence[int]) -> None:
        """Take gradients that no step used, if they are why: a scaler skips where one overflows."""
        there = [g for i in indices if (g := self._layers[i].gradient()) is not None]
        found = [held_here(gradient) for gradient in there]
        if self._group.on_any("the gradients", not all(all_finite(found))):
            self._take_gradients(indices, None)


def _update(found: Found) -> Update:
    assert found.bands is not None
    assert found.base is not None
    with plain_arithmetic(found.base.device):
        return Update(found.numbers, found.bands, norm_ratio(found.numbers.sums.l2, found.base))


def _gathered_gradient(layer: Layer, gradient: Tensor, scale: Tensor | None) -> LayerNumbers:
    rows = layer.rows(gradient)
    return gathered_numbers(Rows(rows if scale is None else rows / scale.to(rows.device))).numbers


def _gathered_update(layer: Layer, change: Tensor, before: Tensor) -> Update:
    rows, start = layer.rows(change), layer.rows(before)
    return _update(gathered_numbers(Rows(rows, start, subtracted=True)))


def gathered_numbers(rows: Rows) -> Found:
    """Return the numbers of a layer that one process holds whole: no other adds to its keys."""
    none = torch.zeros(0, dtype=torch.int32, device=rows.now.device)
    found = numbers_of([rows])[0]
    return found._replace(numbers=found.numbers._replace(keys=none))


def numbers_of(wanted: Sequence[Rows], *, ordered: bool = False) -> list[Found]:
    """Return the numbers of many layers; at most one synchronisation per device.

    `ordered`: with the keys of all values, of which quartiles over several processes are made.
    """
    found: dict[int, Found] = {}
    for device in {rows.now.device for rows in wanted}:
        here = [i for i, rows in enumerate(wanted) if rows.now.device == device]
        measured = host_numbers if device.type == "cpu" else _device_numbers
        found |= zip(here, measured([wanted[i] for i in here]), strict=True)
    if ordered:
        for index, each in found.items():
            keys = ordered_keys(wanted[index].values())
            found[index] = each._replace(numbers=each.numbers._replace(keys=keys))
    return [found[index] for index in range(len(wanted))]


def _device_numbers(wanted: Sequence[Rows]) -> list[Found]:
    found = []
    values = [rows.values() for rows in wanted]
    for rows, own, finite in zip(wanted, values, all_finite(values), strict=True):
        with plain_arithmetic(own.device):
            each = Found(layer_numbers(own, finite=finite))
            if rows.before is not None:
                bands = change_bands(own, rows.before)
                each = each._replace(base=filter_norms(rows.before), bands=bands)
            if rows.since is not None:
                each = each._replace(changes=changes_between(rows.now, rows.since))
            found.append(each)
    return found
