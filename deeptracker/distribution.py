"""Quartiles and histogram of many numbers, exactly: by sorting, or on a CPU by counting buckets."""

import sys
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deeptracker.format import BINS, HISTOGRAM_EDGES

QUARTILES = (0.25, 0.5, 0.75)

# Below this many numbers, sorting them costs less than looking through all buckets.
_COUNT_FROM = 1 << 13
# Numbers handled at a time on a CPU, so that what is made of them stays in its cache.
_PIECE = 1 << 18
_BUCKETS = 1 << 16
_ZERO_BUCKETS = (_BUCKETS // 2 - 1, _BUCKETS // 2)


class Distribution(NamedTuple):
    """How numbers spread: five f8 [5] (minimum, quartiles, maximum), histogram i8 [B], zeros i8 [].

    All on the device of the numbers. Quartiles are interpolated linearly between neighbours, as
    numpy's are. A bin holds its lower edge, not its upper one.
    """

    five: Tensor
    histogram: Tensor
    zeros: Tensor


def distribution(values: Tensor) -> Distribution:
    """Return the spread of finite float32 numbers [n], n >= 1, without synchronising a GPU.

    Both ways are exact and give the same numbers.
    """
    if values.device.type == "cpu" and values.numel() >= _COUNT_FROM:
        return _by_counting(values)
    return _by_sorting(values)


@cache
def _edges() -> NDArray[np.float32]:
    """Return the inner edges as the smallest float32 that is not below each: f4 [B - 1]."""
    inner = HISTOGRAM_EDGES[1:-1]
    rounded = inner.astype(np.float32)
    below = rounded.astype(np.float64) < inner
    return np.where(below, np.nextafter(rounded, np.float32(np.inf)), rounded)


@cache
def _edges_on(device: torch.device) -> Tensor:
    return torch.from_numpy(_edges()).to(device)


def _ranks(count: int) -> tuple[list[int], list[float]]:
    """Return the ranks below and above each quartile, and how far it lies between them."""
    places = [quartile * (count - 1) for quartile in QUARTILES]
    low = [int(place) for place in places]
    high = [min(rank + 1, count - 1) for rank in low]
    return low + high, [place - rank for place, rank in zip(places, low, strict=True)]


def _by_sorting(values: Tensor) -> Distribution:
    device, count = values.device, values.numel()
    ordered = values.sort().values
    ranks, parts = _ranks(count)
    # A list indexes through views, so that nothing has to be carried to a GPU and waited for.
    picked = torch.stack([ordered[rank] for rank in [0, *ranks, count - 1]]).double()
    low, high = picked[1:4], picked[4:7]
    part = torch.tensor(parts, dtype=torch.float64).to(device, non_blocking=True)
    five = torch.cat([picked[:1], low + (high - low) * part, picked[7:]])
    below = torch.searchsorted(ordered, _edges_on(device))
    ends = below.new_tensor([0]), below.new_tensor([count])
    histogram = torch.diff(torch.cat([ends[0], below, ends[1]]))
    return Distribution(five, histogram, count - torch.count_nonzero(values))


def _by_counting(values: Tensor) -> Distribution:
    """Count by the upper half of the bits, then sort only what shares a bucket with a boundary.

    The upper 16 bits of a float32 (sign, exponent, 7 bits of fraction) cut the numbers into 65,536
    buckets that are ordered among themselves. Counts alone settle every boundary between two
    buckets; a quartile or an edge within a bucket needs that bucket's numbers, about one in
    a hundred.
    """
    array = values.detach().numpy()
    count = array.size
    keys = _keys(array)
    counts, low, high, zeros = _count(values)
    starts = np.concatenate([[0], np.cumsum(counts)])
    ranks, parts = _ranks(count)
    rank_buckets = np.searchsorted(starts, ranks, side="right") - 1
    edge_buckets = _position(_keys(_edges()).astype(np.int64))
    wanted = np.zeros(_BUCKETS, dtype=bool)
    wanted[rank_buckets] = True
    wanted[edge_buckets] = True
    # Exact zeros are common (rectified gradients, pruned weights) and need no sorting.
    if sum(int(counts[bucket]) for bucket in _ZERO_BUCKETS) == zeros:
        wanted[list(_ZERO_BUCKETS)] = False
    picked = _pick(array, keys, wanted)
    picked_starts = np.concatenate([[0], np.cumsum(np.where(wanted, counts, 0))])

    def at(rank: int, bucket: int) -> float:
        if not wanted[bucket]:
            return 0.0
        return float(picked[picked_starts[bucket] + rank - starts[bucket]])

    found = np.array([at(r, int(b)) for r, b in zip(ranks, rank_buckets, strict=True)])
    quartiles = found[:3] + (found[3:] - found[:3]) * np.array(parts)
    within = np.searchsorted(picked, _edges()) - picked_starts[edge_buckets]
    below = starts[edge_buckets] + np.where(wanted[edge_buckets], within, 0)
    histogram = np.diff(np.concatenate([[0], below, [count]]))
    assert len(histogram) == BINS
    return Distribution(
        torch.from_numpy(np.concatenate([[low], quartiles, [high]])),
        torch.from_numpy(histogram),
        torch.tensor(zeros),
    )


def _keys(array: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the upper halves of the bits as a view: u2 [n]."""
    return array.view(np.uint16)[1 if sys.byteorder == "little" else 0 :: 2]


def _position(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the numbers of a key stand among all buckets in rising order."""
    half = _BUCKETS // 2
    return np.where(keys >= half, _BUCKETS - 1 - keys, keys + half)


def _count(values: Tensor) -> tuple[NDArray[np.int64], float, float, int]:
    """Return the size of every bucket in rising order, minimum, maximum and the count of zeros."""
    counts = torch.zeros(_BUCKETS, dtype=torch.int64)
    lows, highs, nonzero = [], [], 0
    for piece in values.split(_PIECE):
        keys = (piece.view(torch.int32) >> 16).bitwise_and_(0xFFFF)
        counts += torch.bincount(keys, minlength=_BUCKETS)
        low, high = torch.aminmax(piece)
        lows.append(float(low))
        highs.append(float(high))
        nonzero += int(np.count_nonzero(piece.numpy()))
    half = _BUCKETS // 2
    by_key = counts.numpy()
    ordered = np.concatenate([by_key[half:][::-1], by_key[:half]])
    return ordered, min(lows), max(highs), values.numel() - nonzero


def _pick(
    array: NDArray[np.float32], keys: NDArray[np.uint16], wanted: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the numbers of the wanted buckets, sorted."""
    half = _BUCKETS // 2
    by_key = np.concatenate([wanted[half:], wanted[:half][::-1]])
    found = [
        np.compress(np.take(by_key, keys[start : start + _PIECE]), array[start : start + _PIECE])
        for start in range(0, array.size, _PIECE)
    ]
    return np.sort(np.concatenate(found))
