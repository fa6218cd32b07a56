"""Rows as COPY BINARY bytes, made by numpy a whole batch at a time.

A row is int16 (number of fields), then per field int32 (length) and the value, numbers big-endian;
bytea goes as it is. Rows whose fields have equal lengths are one structured array, so a thousand
rows cost one assignment per field.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
import psycopg
from numpy.typing import ArrayLike, NDArray
from psycopg import sql

Array = NDArray[Any]

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_MESSAGE = 2**17


@dataclass(frozen=True)
class Field:
    """One column: `values` broadcast over the rows; `dtype` and `width` are those of one value."""

    values: Array | None
    dtype: str
    width: tuple[int, ...] = ()


def int4(values: ArrayLike) -> Field:
    """Return an integer column."""
    return Field(np.asarray(values), ">i4")


def real(values: ArrayLike) -> Field:
    """Return a real column."""
    return Field(np.asarray(values), ">f4")


def double(values: ArrayLike) -> Field:
    """Return a double precision column."""
    return Field(np.asarray(values), ">f8")


def text(value: str) -> Field:
    """Return a text column with the same value in every row."""
    data = np.frombuffer(value.encode(), np.uint8)
    return Field(data, "u1", data.shape)


def blob(values: Array, dtype: str) -> Field:
    """Return a bytea column: the last axis of `values` is the array of one row."""
    return Field(np.asarray(values), np.dtype(dtype).newbyteorder("<").str, values.shape[-1:])


def null() -> Field:
    """Return a column of NULL."""
    return Field(None, "u1", (0,))


def pack(fields: Sequence[Field], shape: tuple[int, ...]) -> memoryview:
    """Return the rows of one group as bytes; `shape` counts the rows, in C order."""
    layout = _layout(tuple((field.dtype, field.width) for field in fields))
    rows = np.empty(shape, layout)
    rows["fields"] = len(fields)
    for index, field in enumerate(fields):
        length = -1 if field.values is None else layout[f"value{index}"].itemsize
        rows[f"length{index}"] = length
        if field.values is not None:
            rows[f"value{index}"] = field.values
    return rows.reshape(-1).view(np.uint8).data


@lru_cache(maxsize=1_000)
def _layout(fields: tuple[tuple[str, tuple[int, ...]], ...]) -> np.dtype[np.void]:
    """Return a row of fields by dtype and width: made a hundred times as slowly as it is found."""
    layout: list[tuple[Any, ...]] = [("fields", ">i2")]
    for index, (dtype, width) in enumerate(fields):
        layout.append((f"length{index}", ">i4"))
        layout.append((f"value{index}", dtype, width))
    return np.dtype(layout)


def copy_groups(
    cursor: "psycopg.Cursor[Any]",
    table: str,
    columns: Sequence[str],
    groups: Iterable[memoryview],
) -> None:
    """Send packed groups of rows to `table` in one COPY."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as copy:
        for part in _together(chain([_HEADER], groups, [_TRAILER])):
            copy.write(part)


def _together(parts: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Join what is small: each part costs a message and a wait for the server."""
    small: list[bytes | memoryview] = []
    size = 0
    for part in parts:
        if small and size + len(part) > _MESSAGE:
            yield b"".join(small)
            small, size = [], 0
        if len(part) > _MESSAGE:
            yield part
        else:
            small.append(part)
            size += len(part)
    yield b"".join(small)
