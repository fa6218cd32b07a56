"""Tables written as CSV and Parquet, piece by piece."""

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from app.export.columns import ROWS, Batches

MIME = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
# Of the first piece of a CSV file: whoever asks sees at once that it comes.
FIRST_ROWS = 1_024
# Rows of a group of a Parquet file.
GROUP = 2**20
# Spreadsheets take a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: pa.Table | Batches) -> Iterator[bytes]:
    """Yield the table as CSV (UTF-8, RFC 4180): a head, then every row.

    Numbers as short as they can be read back exactly; NaN, inf and -inf; empty: no value. A text,
    or a column's name, that spreadsheets would take for a formula has an apostrophe before it.
    """
    head = True
    for part in _parts(table):
        guarded_part = guarded(part)
        plain = pa.schema([(field.name, _plain(field.type)) for field in guarded_part.schema])
        for batch in _pieces(guarded_part, first=FIRST_ROWS if head else ROWS) or [None]:
            sink = pa.BufferOutputStream()
            options = pyarrow.csv.WriteOptions(include_header=head)
            with pyarrow.csv.CSVWriter(sink, plain, write_options=options) as writer:
                if batch is not None:
                    # Names that are kept once are written out for these rows alone.
                    writer.write(batch.cast(plain))
            head = False
            data = sink.getvalue().to_pybytes()
            yield data if batch is None or not _has_nan(batch) else _named(data)


def _has_nan(batch: pa.RecordBatch) -> bool:
    return any(
        pc.any(pc.is_nan(column)).as_py()
        for column in batch.columns
        if pa.types.is_floating(column.type)
    )


def _named(data: bytes) -> bytes:
    """Return what pyarrow has written with NaN for its nan, but for texts, which are all quoted.

    polars takes a column with nan for text; all others read both.
    """
    parts = data.split(b'"')
    parts[::2] = [outside.replace(b"nan", b"NaN") for outside in parts[::2]]
    return b'"'.join(parts)


def _parts(table: pa.Table | Batches) -> Iterable[pa.Table]:
    return table if isinstance(table, Batches) else [table]


def _pieces(table: pa.Table, *, first: int) -> list[pa.RecordBatch]:
    parts = table.slice(0, first), table.slice(first)
    return [batch for part in parts for batch in part.to_batches(max_chunksize=ROWS)]


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def guarded(table: pa.Table) -> pa.Table:
    """Return the table with texts that no spreadsheet runs."""
    columns = [_guarded_column(column) for column in table.columns]
    return pa.table(columns, names=[_guarded(name) for name in table.column_names])


def _guarded_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        chunks = [
            pa.DictionaryArray.from_arrays(chunk.indices, _guarded_texts(chunk.dictionary))
            for chunk in column.chunks
        ]
        return pa.chunked_array(chunks, type=pa.dictionary(column.type.index_type, "utf8"))
    if pa.types.is_string(column.type):
        return pa.chunked_array([_guarded_texts(c) for c in column.chunks], type="utf8")
    return column


def _guarded_texts(texts: pa.Array) -> pa.Array:
    return pa.array(
        [None if text is None else _guarded(text) for text in texts.to_pylist()], "utf8"
    )


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def write_parquet(table: pa.Table | Batches, about: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the table as Parquet, a group of rows at a time; `about` stands in the metadata."""
    sink, writer = _Sink(), None
    for group in _groups(_parts(table)):
        described = group.replace_schema_metadata(dict(about))
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(sink, described.schema, compression="zstd")
        writer.write_table(described, row_group_size=GROUP)
        yield from sink.taken()
    if writer is not None:
        writer.close()
    yield from sink.taken()


class _Sink(io.RawIOBase):
    """A file of which what was written is taken away again: a Parquet file is written in order."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        # Arrow uses its memory again.
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> list[bytes]:
        taken, self._written = self._written, []
        return taken


def _groups(parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables of about GROUP rows: a group of a file has the ends of its values, and packs
    well only where it has many. The first part is a group of its own: it goes out at once.
    """
    held: list[pa.Table] = []
    enough = 0
    for part in parts:
        held.append(part)
        if sum(map(len, held)) >= enough:
            yield _joined(held)
            held, enough = [], GROUP
    if held:
        yield _joined(held)


def _joined(parts: list[pa.Table]) -> pa.Table:
    # Each part has the names of its own rows alone.
    return parts[0] if len(parts) == 1 else pa.concat_tables(parts).unify_dictionaries()
