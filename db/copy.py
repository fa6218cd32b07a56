"""Rows as COPY BINARY bytes, made by numpy a whole batch at a time.

A row is int16 (number of fields), then per field int32 (length) and the value, numbers big-endian;
bytea goes as it is. Rows whose fields have equal lengths are one structured array, so a thousand
rows cost one assignment per field.
"""

import os
import socket
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import numpy as np
import psycopg
from numpy.typing import ArrayLike, NDArray
from psycopg import sql

Array = NDArray[Any]
Message = bytes | memoryview

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_MESSAGE = 2**17
# Messages that are packed ahead of the one that is being sent.
_AHEAD = 8
# Bytes of what was sent that the kernel may hold: some milliseconds of the server's work, so that
# it need not wait for a thread of ours that waits for another.
_UNREAD = 2**21


@dataclass(frozen=True)
class Field:
    """One column: `values` broadcast over the rows; `dtype` and `width` are those of one value.

    A list has one value for each row.
    """

    values: Array | list[Array] | None
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


def blobs(values: list[Array], dtype: str) -> Field:
    """Return a bytea column of the arrays of single rows, which are copied but once."""
    return Field(values, np.dtype(dtype).newbyteorder("<").str, values[0].shape)


def stretches(values: Array, dtype: str) -> Field:
    """Return a bytea column: the last two axes of `values` are the array of one row.

    The values of the last axis lie side by side, those of others anywhere: a stretch is copied at a
    time, and once, in a quarter of the time that single values take.
    """
    ours = values.astype(np.dtype(dtype).newbyteorder("<"), copy=False)
    stretch = ours.view(f"V{ours.shape[-1] * ours.itemsize}")[..., 0]
    return Field(stretch, stretch.dtype.str, stretch.shape[-1:])


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
        if isinstance(field.values, list):
            column = rows[f"value{index}"]
            for place, value in enumerate(field.values):
                column[place] = value
        elif field.values is not None:
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


@dataclass(frozen=True)
class Rows:
    """Rows for some columns of a table: packed groups, made when they are asked for."""

    table: str
    columns: Sequence[str]
    groups: Iterable[memoryview]


def copy_groups(
    cursor: "psycopg.Cursor[Any]",
    table: str,
    columns: Sequence[str],
    groups: Iterable[memoryview],
) -> None:
    """Send packed groups of rows to `table` in one COPY."""
    _send(cursor, table, columns, _messages(groups))


def copy_ahead(cursor: "psycopg.Cursor[Any]", several: Sequence[Rows]) -> None:
    """Send rows to one table after the other; what comes next is packed meanwhile, in a thread.

    So the server never waits for rows to be packed, nor do all of them wait in memory for it.
    """
    _buffer(cursor.connection)
    parts = (
        (place, message) for place, rows in enumerate(several) for message in _messages(rows.groups)
    )
    for place, of_table in groupby(_ahead(parts), key=itemgetter(0)):
        rows = several[place]
        _send(cursor, rows.table, rows.columns, (message for _, message in of_table))


def _buffer(connection: "psycopg.Connection[Any]") -> None:
    """Let a server of the same machine fall behind; over a network, TCP finds its own measure."""
    with socket.socket(fileno=os.dup(connection.fileno())) as own:
        if own.family == socket.AF_UNIX:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNREAD)


def _ahead(parts: Iterator[tuple[int, Message]]) -> Iterator[tuple[int, Message]]:
    """Yield parts that a thread makes, up to _AHEAD of them before they are taken."""
    with ThreadPoolExecutor(1, thread_name_prefix="pack") as packer:
        try:
            coming = deque(packer.submit(next, parts, None) for _ in range(_AHEAD))
            while (part := coming.popleft().result()) is not None:
                coming.append(packer.submit(next, parts, None))
                yield part
        finally:
            packer.shutdown(cancel_futures=True)


def _send(
    cursor: "psycopg.Cursor[Any]",
    table: str,
    columns: Sequence[str],
    messages: Iterable[Message],
) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as copy:
        for message in messages:
            copy.write(message)


def _messages(groups: Iterable[memoryview]) -> Iterator[Message]:
    return _together(chain([_HEADER], groups, [_TRAILER]))


def _together(parts: Iterable[Message]) -> Iterator[Message]:
    """Join what is small: each part costs a message and a wait for the server."""
    small: list[Message] = []
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
