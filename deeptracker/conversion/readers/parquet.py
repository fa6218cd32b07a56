"""Tables in Parquet: scalars by iteration or epoch."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import WholeFile
from deeptracker.conversion.readers.rows import MAX_COLUMNS, Columns
from deeptracker.errors import LogError
from deeptracker.extras import needed

_MARK = b"PAR1"
_MOST_FOOTER = 16 * 2**20
_MOST_BYTES = 4 * 2**30
_MOST_ROWS = 50_000_000
_BATCH = 65_536


def is_parquet(path: Path) -> bool:
    """Say whether a file is Parquet, by the marks at its beginning and its end."""
    try:
        with path.open("rb") as file:
            if file.read(4) != _MARK:
                return False
            file.seek(-4, 2)
            return file.read(4) == _MARK
    except OSError:
        return False


class ParquetReader(WholeFile):
    """A table whose rows have an iteration or an epoch."""

    def take(self, into: Collected) -> None:
        """Read the file; nothing where it has no such column."""
        with opened(self.path) as file:
            names = [field.name for field in file.schema_arrow if _has_numbers(field.type)]
            columns = Columns(names)
            if not columns.recognised:
                return
            if others := len(file.schema_arrow) - len(names):
                into.drop("a column without numbers", others)
            for batch in file.iter_batches(_BATCH, columns=names):
                for row in zip(*(_plain(column) for column in batch.columns), strict=True):
                    columns.add(row, into)
        into.iterations_per_epoch = columns.per_epoch
        into.kinds.append("Parquet")


def _has_numbers(kind: Any) -> bool:
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_decimal, types.is_timestamp)
    return any(test(kind) for test in tests)


def _plain(column: Any) -> list[Any]:
    """Return the values of a column; moments as seconds since 1970."""
    import pyarrow
    from pyarrow import types

    if types.is_timestamp(column.type):
        column = column.cast(pyarrow.timestamp("us", tz=column.type.tz))
        found = column.cast(pyarrow.int64()).to_pylist()
        return [None if value is None else value / 1e6 for value in found]
    if types.is_decimal(column.type):
        column = column.cast(pyarrow.float64())
    values: list[Any] = column.to_pylist()
    return values


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a table as a `pyarrow.parquet.ParquetFile`; LogError if it is damaged or too large."""
    with needed("tables", "reading Parquet"):
        import pyarrow
        from pyarrow import parquet
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - 8, 0))
            footer = int.from_bytes(file.read(8)[:4], "little")
        if footer > min(_MOST_FOOTER, size - 12):
            raise LogError(path, "", "has a footer that is larger than it can be; it is damaged")
        with parquet.ParquetFile(
            path,
            thrift_string_size_limit=_MOST_FOOTER,
            thrift_container_size_limit=1_000_000,
        ) as table:
            _check(path, table.metadata)
            yield table
    except (pyarrow.ArrowException, ValueError, OverflowError) as error:
        raise LogError(path, "", f"cannot be read as Parquet ({error})") from error
    except OSError as error:  # pyarrow's own have no number
        why = error.strerror or str(error)
        raise LogError(path, "", f"cannot be read as Parquet ({why})") from error


def _check(path: Path, metadata: Any) -> None:
    if metadata.num_columns > MAX_COLUMNS:
        raise LogError(path, "", f"has more than {MAX_COLUMNS:,} columns")
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    total = sum(group.total_byte_size for group in groups)
    if metadata.num_rows > _MOST_ROWS or total > _MOST_BYTES:
        raise LogError(
            path, "", f"has more than {_MOST_ROWS:,} rows or {_MOST_BYTES >> 30} GiB; divide it"
        )
