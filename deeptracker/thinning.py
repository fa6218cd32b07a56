"""Fewer values of a series that still show it: first, last, lowest and highest of each stretch."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray


def telling(values: NDArray[Any], most: int) -> NDArray[np.intp]:
    """Return places of at most `most` (4 or more) values of a series [n], rising.

    First and last are kept, and of each of equal stretches the lowest and the highest finite value;
    of a stretch without any, its first.
    """
    number = len(values)
    if number <= most:
        return np.arange(number)
    kept = {0, number - 1}
    edges = np.linspace(0, number, (most - 2) // 2 + 1).astype(int)
    for start, end in pairwise(edges):
        part = np.asarray(values[start:end], float)
        finite = start + np.flatnonzero(np.isfinite(part))
        if len(finite):
            kept |= {finite[np.argmin(values[finite])], finite[np.argmax(values[finite])]}
        else:
            kept.add(int(start))
    return np.array(sorted(kept), np.intp)
