"""The typed bytes that a server of DeepTracker answers with, read into numpy arrays.

u4      length of the header
UTF-8   the header, JSON: {"arrays": {name: {"dtype", "shape", "offset"}}, "meta": {...}}
zeros   up to the next multiple of 8
arrays  each at `offset` after that, in C order, little-endian
"""

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

DTYPES = ("f8", "f4", "f2", "i4", "u4", "i2", "u2", "i1", "u1")


def unpack(data: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays by name, and the rest of the header; ValueError for other bytes.

    The arrays are views of `data`, and cannot be written.
    """
    if len(data) < 4:
        raise ValueError("the answer is too short")
    length = int.from_bytes(data[:4], "little")
    start = -(-(4 + length) // 8) * 8
    try:
        header = json.loads(data[4 : 4 + length])
        entries = {
            name: (entry["dtype"], tuple(entry["shape"]), start + entry["offset"])
            for name, entry in header["arrays"].items()
        }
        meta = dict(header["meta"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("the answer's header is torn") from error
    return {name: _array(data, name, *entry) for name, entry in entries.items()}, meta


def _array(data: bytes, name: str, dtype: str, shape: tuple[int, ...], start: int) -> NDArray[Any]:
    if dtype not in DTYPES:
        raise ValueError(f"the array {name!r} has an unknown dtype")
    count = math.prod(shape)
    if start + count * np.dtype(dtype).itemsize > len(data):
        raise ValueError(f"the array {name!r} is cut off")
    if not count:
        return np.empty(shape, f"<{dtype}")
    return np.frombuffer(data, f"<{dtype}", count, start).reshape(shape)
