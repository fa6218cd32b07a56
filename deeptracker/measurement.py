"""One snapshot's numbers of all layers, moved to the host at once, as the arrays of the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deeptracker.errors import RecordingError
from deeptracker.format import FILTER_QUANTITIES, QUANTITIES, STATISTICS
from deeptracker.host_tally import Rows
from deeptracker.layers import Layer
from deeptracker.lockstep import OneProcess
from deeptracker.shard_merging import merged
from deeptracker.statistics import no_numbers
from deeptracker.updates import StepObserver, Steps, gathered_numbers, numbers_of


@dataclass(frozen=True)
class Measured:
    """The arrays of a snapshot that are about layers and filters; see format.Snapshot."""

    statistics: dict[str, NDArray[np.float32]]
    histogram: dict[str, NDArray[np.uint32]]
    bands: NDArray[np.float32]
    filters: dict[str, NDArray[np.float32]]


class WeightMemory:
    """The weights at the previous snapshot, on their own device: one more copy of most of them."""

    def __init__(self) -> None:
        self._previous: dict[int, Tensor] = {}

    def remember(self, layers: Sequence[Layer]) -> None:
        """Keep the weights as they are now."""
        for index, layer in enumerate(layers):
            weight, kept = layer.effective(), self._previous.get(index)
            if weight is None:
                self._previous.pop(index, None)
            elif layer.lasting:
                self._previous[index] = weight
            elif kept is None or (kept.device, kept.dtype) != (weight.device, weight.dtype):
                self._previous[index] = weight.clone()
            else:
                kept.copy_(weight)

    def rows(self, index: int, layer: Layer, now: Tensor) -> Rows:
        """Return what is to be measured of a layer's weights f4 [F, K], with those since then."""
        before = self._previous.get(index)
        return Rows(now, since=None if before is None else layer.rows(before).to(now.device))


@torch.no_grad()
def measure(
    layers: Sequence[Layer], steps: Steps, memory: WeightMemory, group: OneProcess | None = None
) -> Measured:
    """Return what a snapshot holds of all layers, with one transfer per device.

    A layer that the network no longer has is NaN throughout. Where the network is sharded, all of
    the group call this; those that do not write get the numbers of their own shards.
    """
    group = group or OneProcess()
    weights = [layer.effective() for layer in layers]
    rows = [
        None if weight is None or layer.cut else layer.rows(weight)
        for layer, weight in zip(layers, weights, strict=True)
    ]
    wanted = [
        memory.rows(index, layer, row)
        for index, (layer, row) in enumerate(zip(layers, rows, strict=True))
        if row is not None
    ]
    there = iter(numbers_of(wanted, ordered=group.shared))
    parts: list[Tensor] = []
    keys: list[Tensor | None] = []
    sizes = []
    for index, (layer, row, whole) in enumerate(zip(layers, rows, weights, strict=True)):
        gradient, update = steps.gradients[index], steps.updates[index]
        if layer.cut and whole is not None:
            row = layer.rows(whole)
        sizes.append(0 if row is None else row.numel())
        if row is None:
            weight = no_numbers(layer.filters, layer.device)
            relative = cosine = weight.sums.l2
        else:
            found = gathered_numbers(memory.rows(index, layer, row)) if layer.cut else next(there)
            weight, missing = found.numbers, torch.full_like(found.numbers.sums.l2, torch.nan)
            relative, cosine = found.changes or (missing, missing)
        for numbers in (weight, gradient, update.numbers):
            parts += [numbers.statistics, numbers.histogram]
            keys.append(numbers.keys)
        parts.append(update.bands)
        filters = {
            "weight_mean": weight.sums.mean,
            "weight_std": weight.sums.std,
            "weight_l2": weight.sums.l2,
            "gradient_l2": gradient.sums.l2,
            "update_ratio": update.ratio,
            "relative_change": relative,
            "cosine_change": cosine,
        }
        parts += [filters[name] for name in FILTER_QUANTITIES]
    host = to_host(parts)
    each = len(host) // len(layers)
    columns = [host[place::each] for place in range(each)]
    if group.shared:
        columns = merged(group, columns, keys, sizes)
    return _arrays(columns)


def moved_without_a_step(
    measured: Measured, layers: Sequence[Layer], known: set[str]
) -> list[tuple[str, float]]:
    """Return the layers whose weights moved since the last snapshot, though no step moved them.

    With each its largest relative change. A step that was not seen, or the script itself, did it.
    Not one that a step moved at a snapshot before, and leaves as it is now: at the end of its
    schedule the rate is too small for the digits of a weight, or 0. `known` are the names of those
    moved by a step so far, and gains those of this snapshot.
    """
    update = measured.statistics["update"][:, STATISTICS.index("l2")]
    found, start = [], 0
    for index, layer in enumerate(layers):
        change = measured.filters["relative_change"][start : start + layer.spec.filters]
        start += layer.spec.filters
        most = float(np.nan_to_num(change, posinf=0.0).max())
        if update[index] > 0:
            known.add(layer.spec.name)
        # NaN: no step was seen.
        elif most > 0 and (np.isnan(update[index]) or layer.spec.name not in known):
            found.append((layer.spec.name, most))
    return found


def _arrays(columns: list[list[NDArray[Any]]]) -> Measured:
    """Put the columns, each of an array per layer, into arrays over all layers."""
    statistics: dict[str, NDArray[np.float32]] = {}
    histogram: dict[str, NDArray[np.uint32]] = {}
    for place, quantity in enumerate(QUANTITIES):
        statistics[quantity] = _narrow(np.stack(columns[2 * place]))
        histogram[quantity] = np.stack(columns[2 * place + 1]).astype(np.uint32)
    bands = 2 * len(QUANTITIES)
    filters = {
        name: _narrow(np.concatenate(columns[bands + 1 + place]))
        for place, name in enumerate(FILTER_QUANTITIES)
    }
    return Measured(statistics, histogram, _narrow(np.stack(columns[bands])), filters)


def _narrow(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return float32: NaN for what is not finite, Inf for what is too large for float32."""
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    narrow[~np.isfinite(values)] = np.nan
    return narrow


def to_host(tensors: Sequence[Tensor]) -> list[NDArray[Any]]:
    """Return tensors as float64 arrays [n] on the host, with one transfer per device."""
    found: list[NDArray[Any]] = [np.zeros(0)] * len(tensors)
    for index, tensor in enumerate(tensors):
        if tensor.device.type == "cpu":
            found[index] = tensor.reshape(-1).double().numpy()
    for device in {tensor.device for tensor in tensors if tensor.device.type != "cpu"}:
        here = [i for i, tensor in enumerate(tensors) if tensor.device == device]
        flat = torch.cat([tensors[i].reshape(-1).double() for i in here]).cpu().numpy()
        ends = np.cumsum([tensors[i].numel() for i in here])
        for index, array in zip(here, np.split(flat, ends[:-1]), strict=True):
            found[index] = array
    return found


@torch.no_grad()
def try_to_measure(model: nn.Module, layers: Sequence[Layer], group: OneProcess) -> None:
    """Measure the weights once for nothing; RecordingError says at once what cannot be."""
    try:
        nothing = StepObserver(model, layers, lambda: False, group).collect()
        measure(layers, nothing, WeightMemory(), group)
    except RecordingError:
        raise
    except Exception as error:
        raise RecordingError(
            f"the weights of {type(model).__name__} cannot be measured ({type(error).__name__}: "
            f"{error}); pass model= a network with weights in float32, float64, float16 or bfloat16"
        ) from error
