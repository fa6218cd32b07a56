"""The numbers of many layers on a CPU: one look at memory, by as many threads as torch has."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from deeptracker.host_tally import Found, Rows, Tally, is_copied

# Numbers of the layers that are under way together, whose sorted numbers need memory.
_TOGETHER = 1 << 23
# Below so many numbers, threads cost more than they save.
_THREADS_FROM = 1 << 20


def host_numbers(wanted: Sequence[Rows]) -> list[Found]:
    """Return the numbers of layers on a CPU as `statistics` defines them.

    By as many threads as torch has. Any number may be NaN or Inf.
    """
    threads = torch.get_num_threads()
    if threads == 1 or sum(rows.now.numel() for rows in wanted) < _THREADS_FROM:
        return _measure(wanted, map)
    with ThreadPoolExecutor(threads, thread_name_prefix="deeptracker-numbers") as pool:
        return _measure(wanted, pool.map)


def _measure(wanted: Sequence[Rows], each: Callable[..., Iterable[Any]]) -> list[Found]:
    found: list[Found] = []
    memory = np.empty(0, dtype=np.float32)
    for group in _groups(wanted):
        sizes = [rows.now.numel() if is_copied(rows) else 0 for rows in group]
        size = sum(sizes)
        if memory.size < size:
            memory = np.empty(size, dtype=np.float32)
        tallies, start = [], 0
        for rows, own in zip(group, sizes, strict=True):
            tallies.append(Tally(rows, memory[start : start + own]))
            start += own
        parts = [part for tally in tallies for part in tally.parts()]
        found += filter(None, each(_take, parts))
    return found


def _groups(wanted: Sequence[Rows]) -> Iterator[list[Rows]]:
    group: list[Rows] = []
    size = 0
    for rows in wanted:
        if group and size + rows.now.numel() > _TOGETHER:
            yield group
            group, size = [], 0
        group.append(rows)
        size += rows.now.numel()
    if group:
        yield group


def _take(part: tuple["Tally", int, int]) -> Found | None:
    """Take a part; who takes the last one of a layer, whose numbers are near, finds the whole."""
    tally, start, stop = part
    tally.take(start, stop)
    return tally.found() if tally.is_whole(stop - start) else None
