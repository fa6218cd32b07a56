"""numpy arrays and JSON documents as columns."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

Array = NDArray[Any]


class NumpyArray(TypeDecorator[Array]):
    """A one-dimensional array of one dtype, kept as bytea in little-endian order.

    Values of another dtype are taken only where the cast loses nothing. `length`, where given,
    must be met on writing and on reading; bytes that are no whole number of items raise ValueError.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, dtype: str, length: int | None = None) -> None:
        super().__init__()
        self.dtype = np.dtype(dtype).newbyteorder("<").str
        self.length = length

    def process_bind_param(self, value: Array | None, dialect: Dialect) -> bytes | None:
        """Turn an array into bytes; ValueError for a wrong length, TypeError for a lossy dtype."""
        if value is None:
            return None
        array = np.asarray(value)
        if array.ndim != 1:
            raise ValueError(f"expected one dimension, got {array.ndim}")
        self._check_length(len(array))
        return array.astype(self.dtype, casting="safe", copy=False).tobytes()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Array | None:
        """Turn bytes into a read-only array; ValueError for a wrong length."""
        if value is None:
            return None
        array = np.frombuffer(value, self.dtype)
        self._check_length(len(array))
        return array

    def _check_length(self, length: int) -> None:
        if self.length is not None and length != self.length:
            raise ValueError(f"expected {self.length} values, got {length}")


class Document(TypeDecorator[dict[str, Any]]):
    """A JSON document as jsonb; what jsonb cannot hold is written so that it can.

    NaN and infinities, which JSON does not know, become the texts "NaN", "Infinity", "-Infinity";
    NUL and lone surrogates in texts become U+FFFD.
    """

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return the document as jsonb takes it."""
        return _storable(value)


def _storable(value: Any) -> Any:
    if isinstance(value, dict):
        return {_storable(str(key)): _storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(item) for item in value]
    if isinstance(value, str):
        replaced = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return replaced.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
