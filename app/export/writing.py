"""Tables written as CSV and Parquet, piece by piece."""

import tempfile
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

MIME = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
ROWS = 65_536
# Of the first piece of a CSV file: whoever asks sees at once that it comes.
FIRST_ROWS = 1_024
PIECE = 2**18
# Spreadsheets take a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: pa.Table) -> Iterator[bytes]:
    """Yield the table as CSV (UTF-8, RFC 4180): a head, then every row.

    Numbers as short as they can be read back exactly; nan, inf and -inf; empty: no value. A text,
    or a column's name, that spreadsheets would take for a formula has an apostrophe before it.
    """
    guarded_table = guarded(table)
    plain = pa.schema([(field.name, _plain(field.type)) for field in guarded_table.schema])
    head = True
    parts = guarded_table.slice(0, FIRST_ROWS), guarded_table.slice(FIRST_ROWS)
    batches = [batch for part in parts for batch in part.to_batches(max_chunksize=ROWS)]
    for batch in batches or [None]:
        sink = pa.BufferOutputStream()
        options = pyarrow.csv.WriteOptions(include_header=head)
        with pyarrow.csv.CSVWriter(sink, plain, write_options=options) as writer:
            if batch is not None:
                # Names that are kept once are written out for these rows alone.
                writer.write(batch.cast(plain))
        head = False
        yield sink.getvalue().to_pybytes()


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


def write_parquet(table: pa.Table, about: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the table as Parquet; `about` stands in the file's metadata."""
    described = table.replace_schema_metadata(dict(about))
    with tempfile.TemporaryFile() as file:
        pyarrow.parquet.write_table(described, file, compression="zstd")
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
