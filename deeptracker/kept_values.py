"""What tensors and arrays hold, kept while something else runs, and given back."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

# Bytes kept of what is neither parameter nor buffer, the smallest first: a data set or a bank of
# features may be as large as the memory.
_MOST_BYTES = 2**25

Undo = Callable[[], None]
Values = Tensor | np.ndarray[Any, Any]


def keep_tensor(found: Tensor) -> Undo:
    """Return what gives a tensor back its memory and values, as `.data` or a kernel change them.

    Its version says too little: writing by `.data`, through numpy, or in the kernels of
    quantisation-aware training leaves it as it was. It is not raised by what is given back.
    """
    held = found.data
    copy, size = held.clone(), held.untyped_storage().nbytes()

    @torch.no_grad()
    def undo() -> None:
        if _place(found) != _place(held):
            found.data = held
        # Memory that was freed since then is that of a shard which others hold.
        if held.untyped_storage().nbytes() >= size and not _surely_same(held, copy):
            held.copy_(copy)

    return undo


def keep_values(modules: Iterable[nn.Module], others: Iterable[Values]) -> Iterator[Undo]:
    """Yield what gives parameters and buffers back, and other tensors and arrays that are small."""
    own: dict[int, Tensor] = {}
    for module in modules:
        for tensor in chain(module._parameters.values(), module._buffers.values()):
            if tensor is not None and _is_plain(tensor):
                own[id(tensor)] = tensor
    yield from map(keep_tensor, own.values())
    left = _MOST_BYTES
    for values in sorted((v for v in others if id(v) not in own and _can_keep(v)), key=_bytes):
        left -= _bytes(values)
        if left < 0:
            return
        yield keep_tensor(values) if isinstance(values, Tensor) else _keep_array(values)


def _keep_array(found: np.ndarray[Any, Any]) -> Undo:
    copy = found.copy()

    def undo() -> None:
        if not np.array_equal(found, copy):
            np.copyto(found, copy)

    return undo


def _can_keep(found: Values) -> bool:
    if isinstance(found, Tensor):
        return _is_plain(found)
    # A memory map is a file; objects in an array have values of their own.
    ours = not isinstance(found, np.memmap) and found.flags.writeable
    return ours and not found.dtype.hasobject and found.dtype.names is None


def _is_plain(found: Tensor) -> bool:
    """Say whether a tensor has memory of its own that holds its values."""
    return (
        # Shards and the like, whose operations may ask other processes.
        type(found).__torch_dispatch__ is Tensor.__torch_dispatch__
        and not isinstance(found, (UninitializedParameter, UninitializedBuffer))
        and found.layout is torch.strided
        and not (found.is_meta or found.is_quantized or found.is_inference())
    )


def _bytes(found: Values) -> int:
    return found.numel() * found.element_size() if isinstance(found, Tensor) else found.nbytes


def _place(found: Tensor) -> tuple[object, ...]:
    return found.data_ptr(), found.shape, found.stride(), found.dtype


def _surely_same(one: Tensor, other: Tensor) -> bool:
    # Memory of the host may be read-only; that of a device is written without waiting for it.
    return one.device.type == "cpu" and torch.equal(one, other)
