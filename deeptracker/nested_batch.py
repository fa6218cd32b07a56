"""All tensors of a batch, nested as it may be: put on a device, or into another precision."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def to_device(images: Any, model: nn.Module) -> Any:
    """Return a batch, nested as it may be, on the device of the network."""
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    return _each(images, lambda tensor: tensor.to(device, non_blocking=True))


def cast_to(images: Any, kind: torch.dtype) -> Any:
    """Return a batch with what is in floating point in another precision."""
    return _each(images, lambda tensor: tensor.to(kind) if tensor.is_floating_point() else tensor)


def kinds_in(images: Any) -> set[torch.dtype]:
    """Return the precisions of what is in floating point in a batch."""
    found = set()

    def note(tensor: Tensor) -> Tensor:
        if tensor.is_floating_point():
            found.add(tensor.dtype)
        return tensor

    _each(images, note)
    return found


def same(one: Any, other: Any) -> bool:
    """Say whether two batches hold the same tensors and values, bit by bit."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and torch.equal(one, other)
    if isinstance(one, Mapping):
        return isinstance(other, Mapping) and same([*one.items()], [*other.items()])
    if isinstance(one, (list, tuple)):
        return (
            isinstance(other, (list, tuple))
            and len(one) == len(other)
            and all(map(same, one, other))
        )
    return type(one) is type(other) and bool(np.all(one == other))


def _each(batch: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return a batch with all of its tensors changed, however deep they are."""
    if isinstance(batch, Tensor):
        return change(batch)
    if isinstance(batch, Mapping):
        return {name: _each(value, change) for name, value in batch.items()}
    if type(batch) in (list, tuple):
        return type(batch)(_each(value, change) for value in batch)
    return batch
