"""Exact quartiles of numbers that are spread over processes, which send counts, never numbers."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deeptracker.distribution import QUARTILES
from deeptracker.lockstep import OneProcess

_BITS = 32
# Each round settles so many bits of every quartile.
_DIGIT = 4
_LOWEST = -(1 << 31)


def ordered_keys(values: Tensor) -> Tensor:
    """Return the finite numbers of a float32 tensor as sorted i4 [n] that stand in their order."""
    # Both zeros have one key.
    bits = (values[values.isfinite()] + 0.0).view(torch.int32)
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).sort().values


def shared_quartiles(group: OneProcess, keys: Sequence[Tensor]) -> NDArray[np.float64]:
    """Return the quartiles f8 [n, 3] of n sets, each spread over the group; NaN for empty sets.

    `keys` are this process's part of each set, by `ordered_keys`. Quartiles are interpolated as
    those of `distribution`.
    """
    counts = group.sum(torch.tensor([len(part) for part in keys])).numpy()
    places = np.array(QUARTILES) * np.maximum(counts - 1, 0)[:, None]
    low = places.astype(np.int64)
    high = np.minimum(low + 1, np.maximum(counts - 1, 0)[:, None])
    found = _numbers(_select(group, keys, np.concatenate([low, high], axis=1)))
    quartiles = found[:, :3] + (found[:, 3:] - found[:, :3]) * (places - low)
    quartiles[counts == 0] = np.nan
    return quartiles


def _select(
    group: OneProcess, keys: Sequence[Tensor], ranks: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the keys i8 [n, r] that stand at `ranks` of each set; any where there is none.

    Digit by digit from the highest: a key begins with the last digit below which no more numbers
    of the whole set lie than its rank says.
    """
    found = np.full(ranks.shape, _LOWEST, dtype=np.int64)
    for shift in range(_BITS - _DIGIT, -1, -_DIGIT):
        bounds = found[..., None] + (np.arange(1 << _DIGIT, dtype=np.int64) << shift)
        below = [
            torch.searchsorted(part, torch.from_numpy(own.astype(np.int32)).to(part.device))
            for part, own in zip(keys, bounds, strict=True)
        ]
        counts = group.sum(torch.stack([count.cpu() for count in below])).numpy()
        digit = (counts <= ranks[..., None]).sum(axis=-1) - 1
        found += digit << shift
    return found


def _numbers(keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the numbers that have these keys."""
    narrow = keys.astype(np.int32)
    return (narrow ^ ((narrow >> 31) & 0x7FFFFFFF)).view(np.float32).astype(np.float64)
