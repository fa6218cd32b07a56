#!/usr/bin/env bash
# PyIceberg: the filter "epoch < 1.4" does not find epoch 1, and "epoch = 1.5" finds epoch 2: the number is
# rounded.
#
# pyiceberg 0.12.0, pyarrow 26.0.1, duckdb 2.0.1, sqlalchemy 2.1.9, Python 3.11.
# A bound that was computed, such as a third of the epochs, has a fraction. One would expect a comparison of
# numbers, as SQL has it, or the error that LessThan("epoch", 1.4) raises ("Cannot convert DoubleLiteral into
# int"). Seen of a filter that is text, on a column of integers: 1.4 is rounded to 1 and 1.5 to 2, and then
# compared, so that < 1.4 leaves out 1, <= 1.5 has 2, = 1.5 finds 2 and != 1.5 leaves it out; > 1.5 leaves out
# 2, >= 1.4 has 1. delete("epoch <= 1.5") deletes epoch 2, delete("epoch = 1.5") as well. DuckDB has the right
# rows of the same table. Nothing is said. The documentation of filters does not speak of it; it was reported
# (iceberg-python 4029), and later releases shall refuse such a filter.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  "pyiceberg[sql-sqlite]==0.12.0" pyarrow==26.0.1 duckdb==2.0.1 sqlalchemy==2.1.9

cat >"$folder/try.py" <<'PYTHON'
import sys

import duckdb
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import LessThan

catalog = SqlCatalog("local", uri=f"sqlite:///{sys.argv[1]}/catalog.db", warehouse=f"file://{sys.argv[1]}")
catalog.create_namespace("runs")
epochs = pa.table({"epoch": pa.array([0, 1, 2, 3], pa.int32())})


def fresh(name: str) -> object:
    table = catalog.create_table(f"runs.{name}", schema=epochs.schema)
    table.append(epochs)
    return table


def rows(table: object, **options: object) -> list[int]:
    return sorted(table.scan(**options).to_arrow()["epoch"].to_pylist())


table = fresh("table")
for where, found in (
    ("epoch < 1.4", [0]),
    ("epoch >= 1.4", [1, 2, 3]),
    ("epoch <= 1.5", [0, 1, 2]),
    ("epoch > 1.5", [3]),
    ("epoch = 1.5", [2]),
    ("epoch != 1.5", [0, 1, 3]),
):
    asked = duckdb.sql(f"SELECT epoch FROM epochs WHERE {where} ORDER BY epoch").fetchall()
    right = [row[0] for row in asked]
    print(f"{where}: PyIceberg {rows(table, row_filter=where)}, DuckDB {right}")
    assert rows(table, row_filter=where) == found != right
for number, (where, left) in enumerate((("epoch <= 1.5", [3]), ("epoch = 1.5", [0, 1, 3]))):
    deleted = fresh(f"deleted{number}")
    deleted.delete(where)
    print(f"left after delete of {where}:", rows(deleted))
    assert rows(deleted) == left
try:
    raise SystemExit(f"changed: {rows(table, row_filter=LessThan('epoch', 1.4))}")
except TypeError as error:
    print("with an expression:", error)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
