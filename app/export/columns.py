"""Columns of an exported table: of names, of numbers that may be absent, of matrices as rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Columns = dict[str, Any]
# Rows of a table that are put together at a time.
ROWS = 65_536


@dataclass(frozen=True)
class Batches:
    """A table that is put together some rows at a time: of twenty million a gigabyte is never held.

    `make(first, after)` returns the columns of some of its `count` parts, of which each has about
    `rows` rows; of none of them it returns columns of the same types without rows.
    """

    count: int
    rows: int
    make: Callable[[int, int], Columns]

    def __iter__(self) -> Iterator[pa.Table]:
        """Yield its tables, at least one."""
        at_once = max(1, ROWS // max(1, self.rows))
        for first in range(0, max(1, self.count), at_once):
            yield table(self.make(first, min(first + at_once, self.count)))


def texts(ids: NDArray[np.integer], names: Sequence[str]) -> pa.DictionaryArray:
    """Return the name of every id; kept once each. Absent where an id is negative."""
    places = known(ids.astype(np.int32), ids >= 0)
    return pa.DictionaryArray.from_arrays(places, pa.array(names, "utf8"))


def known(values: NDArray[Any], there: NDArray[np.bool_]) -> pa.Array:
    """Return values that are absent where `there` is False: an empty cell, not NaN.

    Numbers are not copied: a table of a million rows has a dozen such columns.
    """
    if values.dtype == np.bool_:
        return pa.array(values, mask=~there)
    bits = np.packbits(there, bitorder="little")
    buffers = [pa.py_buffer(bits), pa.py_buffer(np.ascontiguousarray(values))]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), buffers)


def unrolled(
    rows: Mapping[str, Any], iteration: NDArray[np.integer], matrices: Mapping[str, NDArray[Any]]
) -> Columns:
    """Return matrices [R, T] as R * T rows, one after the other in time.

    `rows` are columns of length R: repeated for every iteration.
    """
    count = len(next(iter(matrices.values())))
    place = np.repeat(np.arange(count, dtype=np.int32), len(iteration))
    columns: Columns = {"iteration": np.tile(iteration, count)}
    for name, column in rows.items():
        columns[name] = (
            column.take(pa.array(place)) if isinstance(column, pa.Array) else column[place]
        )
    for name, matrix in matrices.items():
        columns[name] = matrix.ravel()
    return columns


def table(columns: Columns) -> pa.Table:
    """Return the table; halves become f4, which CSV and pandas know."""
    return pa.table(
        {
            name: column.astype(np.float32)
            if isinstance(column, np.ndarray) and column.dtype == np.float16
            else column
            for name, column in columns.items()
        }
    )


def whole(found: pa.Table | Batches) -> pa.Table:
    """Return a table that may come in batches as one."""
    if not isinstance(found, Batches):
        return found
    # Each part has the names of its own rows alone.
    return pa.concat_tables(found).unify_dictionaries()
