"""Tables written as CSV and Parquet, piece by piece."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from app.export.columns import ROWS, Batches

MIME = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
# Of the first piece of a CSV file: whoever asks sees at once that it comes.
FIRST_ROWS = 1_024
# Rows of a group of a Parquet file.
GROUP = 2**20
PIECE = 2**18
# Spreadsheets take a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: pa.Table | Batches) -> Iterator[bytes]:
    """Yield the table as CSV (UTF-8, RFC 4180): a head, then every row.

    Numbers as short as they can be read back exactly; nan, inf and -inf; empty: no value. A text,
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
            yield sink.getvalue().to_pybytes()


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
    """Yield the table as Parquet; `about` stands in the file's metadata."""
    with tempfile.TemporaryFile() as file:
        writer = None
        for group in _groups(_parts(table)):
            described = group.replace_schema_metadata(dict(about))
            if writer is None:
                writer = pyarrow.parquet.ParquetWriter(file, described.schema, compression="zstd")
            writer.write_table(described, row_group_size=GROUP)
        if writer is not None:
            writer.close()
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _groups(parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables of about GROUP rows: a group of a file has the ends of its values, and packs
    well only where it has many.
    """
    held: list[pa.Table] = []
    for part in parts:
        held.append(part)
        if sum(map(len, held)) >= GROUP:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _joined(parts: list[pa.Table]) -> pa.Table:
    # Each part has the names of its own rows alone.
    return parts[0] if len(parts) == 1 else pa.concat_tables(parts).unify_dictionaries()
