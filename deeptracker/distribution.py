"""Quartiles and histogram of many numbers, exactly: by sorting all, pieces, or counting buckets."""

import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deeptracker.format import BINS, HISTOGRAM_EDGES

QUARTILES = (0.25, 0.5, 0.75)

# Numbers counted at a time, so that what is made of them stays in its cache.
_PIECE = 1 << 17
# Up to so many numbers, sorting them costs less than the tables of the buckets.
_FEW = 1 << 13
# One number in so many stands for its piece when a rank is looked for.
_STRIDE = 64
# Beyond so many nanoseconds a number, sorting pieces costs more than looking through all buckets.
_SLOW_SORT = 10
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
    """Return the spread of finite float32 numbers [n], n >= 1, without synchronising a GPU."""
    return _by_sorting(values)


def distribution_of_pieces(values: NDArray[np.float32], ends: Sequence[int]) -> Distribution:
    """Return the same of finite f4 [n] on a CPU, in pieces (by their ends) of any order within.

    Pieces that fit the cache are sorted faster than all numbers together. Where the machine is slow
    at that, see `sorts_fast`, buckets are counted; else the pieces must be sorted already.
    """
    if not sorts_fast():
        few = values.size <= _FEW
        return _by_pieces([np.sort(values)]) if few else _by_counting(torch.from_numpy(values))
    return _by_pieces(np.split(values, ends[:-1]))


def _by_pieces(pieces: Sequence[NDArray[np.float32]]) -> Distribution:
    count = sum(piece.size for piece in pieces)
    below = np.sum([np.searchsorted(piece, _probes()) for piece in pieces], axis=0)
    histogram = np.diff(np.concatenate([[0], below[:-2], [count]]))
    ranks, parts = _ranks(count)
    quarters = [_at(pieces, *pair) for pair in zip(ranks[:3], ranks[3:], strict=True)]
    low, high = np.array(quarters, dtype=np.float64).T
    least, most = min(piece[0] for piece in pieces), max(piece[-1] for piece in pieces)
    five = np.concatenate([[least], low + (high - low) * np.array(parts), [most]])
    return Distribution(
        torch.from_numpy(five), torch.from_numpy(histogram), torch.tensor(below[-1] - below[-2])
    )


@cache
def sorts_fast() -> bool:
    """Say whether numpy sorts with vector instructions here, as one look at the clock tells."""
    values = np.random.default_rng(0).random(1 << 14, dtype=np.float32)
    times = []
    for _ in range(3):
        start = time.perf_counter_ns()
        np.sort(values)
        times.append(time.perf_counter_ns() - start)
    return min(times) < _SLOW_SORT * values.size


def _at(pieces: Sequence[NDArray[np.float32]], rank: int, after: int) -> tuple[float, float]:
    """Return the numbers at a rank and at the same or the next one, among sorted pieces.

    Every so manieth number of each piece tells between which two of these both must lie; only
    what all pieces hold between them is looked at.
    """
    if len(pieces) == 1:
        return float(pieces[0][rank]), float(pieces[0][after])
    marks = np.sort(np.concatenate([piece[::_STRIDE] for piece in pieces]))
    # At most _STRIDE numbers of a piece lie below its first mark that is not below a bound.
    low = marks[min(rank // _STRIDE, len(marks) - 1)]
    place = (after + len(pieces) * _STRIDE) // _STRIDE + 1
    high = marks[place] if place < len(marks) else max(piece[-1] for piece in pieces)
    if low == high:
        return float(low), float(low)
    starts = [int(np.searchsorted(piece, low)) for piece in pieces]
    stops = [int(np.searchsorted(piece, high, side="right")) for piece in pieces]
    cuts = [piece[a:b] for piece, a, b in zip(pieces, starts, stops, strict=True)]
    between, skipped = np.sort(np.concatenate(cuts)), sum(starts)
    return float(between[rank - skipped]), float(between[after - skipped])


@cache
def _edges() -> NDArray[np.float32]:
    """Return the inner edges as the smallest float32 that is not below each: f4 [B - 1]."""
    inner = HISTOGRAM_EDGES[1:-1]
    rounded = inner.astype(np.float32)
    below = rounded.astype(np.float64) < inner
    return np.where(below, np.nextafter(rounded, np.float32(np.inf)), rounded)


@cache
def _probes() -> NDArray[np.float32]:
    """Return the inner edges, zero, and the smallest number above it: f4 [B + 1]."""
    above = np.nextafter(np.float32(0), np.float32(1))
    return np.concatenate([_edges(), np.array([0, above], dtype=np.float32)])


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
    array, count = values.numpy(), values.numel()
    counts, low, high, zeros = _count(array)
    edges = _edge_buckets()
    # How many numbers lie before each bucket that holds an edge.
    starts = np.cumsum(np.add.reduceat(counts, [0, *edges]))[:-1]
    ranks, parts = _ranks(count)
    within = [_bucket_of(rank, counts, starts, edges) for rank in ranks]
    wanted = np.zeros(_BUCKETS, dtype=bool)
    wanted[edges] = True
    wanted[[bucket for bucket, _ in within]] = True
    # Exact zeros are common (rectified gradients, pruned weights) and need no sorting.
    if counts[list(_ZERO_BUCKETS)].sum() == zeros:
        wanted[list(_ZERO_BUCKETS)] = False
    picked = _pick(array, wanted)
    places = np.flatnonzero(wanted)
    before = np.cumsum(counts[places]) - counts[places]

    def at(bucket: int, place: int) -> float:
        if not wanted[bucket]:
            return 0.0
        return float(picked[before[np.searchsorted(places, bucket)] + place])

    found = np.array([at(*pair) for pair in within])
    quartiles = found[:3] + (found[3:] - found[:3]) * np.array(parts)
    # No edge lies in a bucket of zeros.
    inside = np.searchsorted(picked, _edges()) - before[np.searchsorted(places, edges)]
    below = starts + inside
    histogram = np.diff(np.concatenate([[0], below, [count]]))
    assert len(histogram) == BINS
    return Distribution(
        torch.from_numpy(np.concatenate([[low], quartiles, [high]])),
        torch.from_numpy(histogram),
        torch.tensor(zeros),
    )


def _bucket_of(
    rank: int, counts: NDArray[np.int64], starts: NDArray[np.int64], edges: NDArray[np.int64]
) -> tuple[int, int]:
    """Return the bucket of the number of a rank, and its rank among those of the bucket."""
    place = int(np.searchsorted(starts, rank, side="right"))
    first, before = (0, 0) if place == 0 else (int(edges[place - 1]), int(starts[place - 1]))
    stop = int(edges[place]) if place < len(edges) else _BUCKETS
    ends = before + np.cumsum(counts[first:stop])
    at = int(np.searchsorted(ends, rank, side="right"))
    return first + at, rank - int(ends[at] - counts[first + at])


@cache
def _edge_buckets() -> NDArray[np.int64]:
    """Return the buckets of the inner edges, rising: i8 [B - 1]."""
    keys = (_edges().view(np.uint32) >> 16).astype(np.int64)
    half = _BUCKETS // 2
    return np.where(keys >= half, _BUCKETS - 1 - keys, keys + half)


class _Room(threading.local):
    """What a thread makes of one piece after the other; new memory for each would cost as much."""

    def __init__(self) -> None:
        self.halves = np.empty(_PIECE, dtype=np.uint32)
        self.keys = np.empty(_PIECE, dtype=np.int64)
        self.taken = np.empty(_PIECE, dtype=bool)


_room = _Room()


def _keys(array: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Yield pieces and the upper halves of their bits, in memory that the next ones take over."""
    for start in range(0, array.size, _PIECE):
        piece = array[start : start + _PIECE]
        halves, keys = _room.halves[: piece.size], _room.keys[: piece.size]
        np.right_shift(piece.view(np.uint32), 16, out=halves)
        np.copyto(keys, halves)
        yield piece, keys


def _count(array: NDArray[np.float32]) -> tuple[NDArray[np.int64], float, float, int]:
    """Return the size of every bucket in rising order, minimum, maximum and the count of zeros."""
    counts = np.zeros(_BUCKETS, dtype=np.int64)
    lows, highs = [], []
    for piece, keys in _keys(array):
        found = np.bincount(keys)
        counts[: found.size] += found
        lows.append(float(piece.min()))
        highs.append(float(piece.max()))
    half = _BUCKETS // 2
    ordered = np.concatenate([counts[half:][::-1], counts[:half]])
    zeros = 0
    if ordered[list(_ZERO_BUCKETS)].any():  # else there are none, which weights seldom have
        zeros = array.size - int(np.count_nonzero(array))
    return ordered, min(lows), max(highs), zeros


def _pick(array: NDArray[np.float32], wanted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the numbers of the wanted buckets, sorted."""
    half = _BUCKETS // 2
    by_key = np.concatenate([wanted[half:], wanted[:half][::-1]])
    found = []
    for piece, keys in _keys(array):
        # No key is out of bounds; to wrap them is what costs least.
        taken = np.take(by_key, keys, out=_room.taken[: keys.size], mode="wrap")
        found.append(np.compress(taken, piece))
    return np.sort(np.concatenate(found))
