"""The safetensors container: bytes to texts and arrays, with every claim of the header checked.

Arrays are read where they stand in the file's bytes: the library's `deserialize` copies each, which
took a fifth of the time of reading a snapshot.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save

from deeptracker.errors import LogError
from deeptracker.format.entries import check_text, parse_json

MAX_HEADER = 4 * 2**20

_CODES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
}
_SIZES = {code: np.dtype(dtype).itemsize for code, dtype in _CODES.items()}
# More than the bytes of any file.
_BEYOND = 2**63


@dataclass(frozen=True)
class _Stored:
    """What the header says of an array, and its bytes."""

    dtype: str
    shape: Sequence[int]
    data: memoryview


@dataclass(frozen=True)
class Container:
    """What a safetensors file holds. Arrays are checked, and become numpy, when they are asked for.

    So an array that nobody asks for may be of any kind, also one that numpy does not have. They are
    read-only, and keep all bytes of the file in memory for as long as one of them is.
    """

    path: Path
    texts: Mapping[str, str]
    _stored: Mapping[str, _Stored]

    @property
    def names(self) -> Iterable[str]:
        """Return the names of all arrays."""
        return self._stored.keys()

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array; LogError where there is none."""
        return tuple(self._get(name).shape)

    def _get(self, name: str) -> _Stored:
        if name not in self._stored:
            raise LogError(self.path, name, "is missing")
        return self._stored[name]

    def array(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """Return an array of exactly this dtype and shape; LogError otherwise."""
        stored = self._get(name)
        if _CODES.get(stored.dtype) != dtype.str:
            raise LogError(self.path, name, f"has dtype {stored.dtype}, expected {dtype.str}")
        if tuple(stored.shape) != shape:
            raise LogError(
                self.path,
                name,
                f"has shape {stored.shape}, expected {list(shape)} by the manifest",
            )
        return np.frombuffer(stored.data, dtype).reshape(shape)


def pack(path: Path, arrays: Mapping[str, NDArray[Any]], texts: Mapping[str, str]) -> bytes:
    """Return the bytes of a file; `path` is only for the error, where arrays cannot be stored."""
    try:
        return save({n: np.ascontiguousarray(a) for n, a in arrays.items()}, dict(texts))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise LogError(path, "", f"cannot be written ({error})") from error


def unpack(path: Path, data: bytes) -> Container:
    """Return what a file's bytes hold; LogError where they are torn, damaged or hostile."""
    if len(data) < 8:
        raise LogError(path, "header", f"is damaged: the file is only {len(data)} bytes long")
    length = int.from_bytes(data[:8], "little")
    if length > min(MAX_HEADER, len(data) - 8):
        raise LogError(
            path,
            "header",
            f"is said to be {length} bytes long, but the file has {len(data)} in all and "
            f"{MAX_HEADER} are allowed; it may be torn",
        )
    header = parse_json(path, "header", data[8 : 8 + length])
    texts = header.get("__metadata__") if isinstance(header, dict) else None
    if not isinstance(texts, dict):
        raise LogError(path, "header.__metadata__", "is missing; this is not a snapshot")
    for key, value in texts.items():
        check_text(path, f"header.{key}", value)
    arrays = {name: entry for name, entry in header.items() if name != "__metadata__"}
    try:
        return Container(path, texts, _places(arrays, memoryview(data)[8 + length :]))
    except _Unfit as error:
        raise LogError(path, "", f"is torn or damaged ({error})") from error


class _Unfit(Exception):  # noqa: N818 - becomes a LogError
    """What the header says of an array does not fit the file."""


def _places(header: Mapping[str, Any], body: memoryview) -> dict[str, _Stored]:
    """Return what the header says of the arrays, where each byte of the body is of exactly one."""
    found = [(*_extent(name[:40], entry), name, entry) for name, entry in header.items()]
    found.sort(key=lambda one: one[:2])
    stored, reached = {}, 0
    for begin, end, name, entry in found:
        if begin != reached:
            raise _Unfit(f"{name[:40]!r} does not begin where the array before it ends")
        stored[name] = _Stored(entry["dtype"], entry["shape"], body[begin:end])
        reached = end
    if reached != len(body):
        raise _Unfit(f"its arrays have {reached} bytes, but there are {len(body)}")
    return stored


def _extent(name: str, entry: Any) -> tuple[int, int]:
    """Return where an array begins and ends, which is as long as its dtype and shape say."""
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [begin, end]}:
            pass
        case _:
            raise _Unfit(f"{name!r} has no dtype, shape and place")
    numbers = (*shape, begin, end)
    # A bool is an int to Python, but not to JSON.
    if set(map(type, numbers)) != {int} or min(numbers) < 0:
        raise _Unfit(f"{name!r} has a shape or a place that is none")
    if dtype in _SIZES:
        size = _SIZES[dtype]
        for length in shape:
            size = min(size * length, _BEYOND)  # numbers of a hostile file grow without an end
        if end - begin != size:
            raise _Unfit(f"{name!r} does not have as many bytes as its dtype and shape say")
    elif end < begin:
        raise _Unfit(f"{name!r} ends before it begins")
    return begin, end
