"""The safetensors container: bytes to texts and arrays, with every claim of the header checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
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


@dataclass(frozen=True)
class Container:
    """What a safetensors file holds. Arrays are checked, and become numpy, when they are asked for.

    So an array that nobody asks for may be of any kind, also one that numpy does not have.
    """

    path: Path
    texts: Mapping[str, str]
    _stored: Mapping[str, Mapping[str, Any]]

    @property
    def names(self) -> Iterable[str]:
        """Return the names of all arrays."""
        return self._stored.keys()

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array; LogError where there is none."""
        return tuple(self._get(name)["shape"])

    def _get(self, name: str) -> Mapping[str, Any]:
        if name not in self._stored:
            raise LogError(self.path, name, "is missing")
        return self._stored[name]

    def array(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """Return an array of exactly this dtype and shape; LogError otherwise."""
        stored = self._get(name)
        if _CODES.get(stored["dtype"]) != dtype.str:
            raise LogError(self.path, name, f"has dtype {stored['dtype']}, expected {dtype.str}")
        if tuple(stored["shape"]) != shape:
            raise LogError(
                self.path,
                name,
                f"has shape {stored['shape']}, expected {list(shape)} by the manifest",
            )
        return np.frombuffer(stored["data"], dtype).reshape(shape)


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
    try:
        stored = dict(deserialize(data))
    except (SafetensorError, ValueError, TypeError, OverflowError) as error:
        raise LogError(path, "", f"is torn or damaged ({error})") from error
    return Container(path, texts, stored)
