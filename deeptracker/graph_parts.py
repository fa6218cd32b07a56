"""Parts of a network's graph: which modules are nodes of it, what they compute, and what with."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from torch import Tensor, nn

from deeptracker.format.graph import MAX_AXES
from deeptracker.layers import Layer

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
# Weights within them are used without the modules that hold those being run.
_WHOLE = (nn.MultiheadAttention, nn.RNNBase)

Places = tuple[int, ...]


def owners(
    network: nn.Module, layers: Sequence[Layer]
) -> tuple[dict[int, Places], dict[int, tuple[str, Places]]]:
    """Return the layers of the modules that run as one, and those of parameters with their names.

    By the ids of both, which live as long as the network does.
    """
    places: dict[int, list[int]] = {}
    for place, layer in enumerate(layers):
        for parameter in layer.parts():
            places.setdefault(id(parameter), []).append(place)
    owned = _owned(network, layers, places)
    units: dict[int, Places] = {}
    single: dict[int, tuple[str, Places]] = {}
    for path, module in network.named_modules():
        own = owned.get(id(module), set())
        within = [owned[id(m)] for m in module.modules() if m is not module and id(m) in owned]
        if isinstance(module, _WHOLE):
            own, within = own.union(*within), []
        if own and not within:
            units[id(module)] = tuple(sorted(own))
        for name, parameter in module.named_parameters(prefix=path, recurse=False):
            if id(parameter) in places:
                called = path if id(module) in units else name
                single[id(parameter)] = (called, tuple(places[id(parameter)]))
    return units, single


def _owned(
    network: nn.Module, layers: Sequence[Layer], places: Mapping[int, Sequence[int]]
) -> dict[int, set[int]]:
    """Return the layers of each module that has any, by its id: also of those that share weights.

    `places` are the layers of each parameter, by its id.
    """
    owned: dict[int, set[int]] = {}
    for place, layer in enumerate(layers):
        owned.setdefault(id(layer.module), set()).add(place)
    for path, module in network.named_modules():
        # What computes a weight is no layer of its own.
        if "parametrizations" not in path.split("."):
            for parameter in module.parameters(recurse=False):
                if id(parameter) in places:
                    owned.setdefault(id(module), set()).update(places[id(parameter)])
    return owned


def tensors(given: Any, depth: int = 4) -> Iterator[Tensor]:
    """Yield the tensors in nested lists, tuples, dictionaries and the like."""
    if isinstance(given, Tensor):
        yield given
    elif depth and isinstance(given, Mapping):
        for value in given.values():
            yield from tensors(value, depth - 1)
    elif depth and isinstance(given, (list, tuple)):
        for value in given:
            yield from tensors(value, depth - 1)


def sizes(tensor: Tensor) -> Places:
    """Return the shape of a tensor."""
    return tuple(int(size) for size in tensor.shape[:MAX_AXES])


def operations_of(
    module: nn.Module, weights: int, before: Places | None, after: Places | None
) -> int | None:
    """Return twice the multiply-adds for an image of a convolution or a linear layer, else None.

    `before` and `after` are the sizes of its input and output for an image: each of its `weights`
    is used once at every position, of the input where the convolution is transposed.
    """
    if before is None or after is None:
        return None
    if isinstance(module, _CONVOLUTIONS):
        return 2 * weights * prod(after[1:])
    if isinstance(module, _TRANSPOSED):
        return 2 * weights * prod(before[1:])
    return 2 * weights * prod(after[:-1]) if isinstance(module, nn.Linear) else None
