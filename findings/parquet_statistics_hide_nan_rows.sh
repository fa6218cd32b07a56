#!/usr/bin/env bash
# DuckDB and pyarrow's dataset: rows with NaN go missing from a Parquet file that pyarrow wrote.
#
# duckdb 2.0.1, pyarrow 26.0.1, Python 3.11.
# The least and the largest value that pyarrow writes for each group of rows leave NaN out. For DuckDB
# NaN is larger than any number, yet it trusts them to skip groups: on a file with 1, 2, NaN and 3
# WHERE isnan(x) and WHERE x > 5 find no row and max(x) is 3; on a table with the same rows, and on the
# same file written without statistics, they find one row, and max(x) is NaN. DuckDB's own files have no
# such entries for a column with NaN. In pyarrow the filter ~(x <= 5) of a dataset of that file finds no
# row, the same expression on the table that is read from it finds one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1

cat >"$folder/try.py" <<'PYTHON'
import math
import os
import sys

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

os.chdir(sys.argv[1])
table = pa.table({"x": [1.0, 2.0, math.nan, 3.0]})
pq.write_table(table, "with.parquet")
pq.write_table(table, "without.parquet", write_statistics=False)
connection = duckdb.connect()
connection.execute("CREATE TABLE stored AS SELECT * FROM 'with.parquet'")
connection.execute("COPY stored TO 'own.parquet'")


def one(question: str):
    return connection.execute(question).fetchall()[0][0]


seen = {}
for name in ("stored", "'with.parquet'", "'without.parquet'", "'own.parquet'"):
    nan = one(f"SELECT count(*) FROM {name} WHERE isnan(x)")
    large = one(f"SELECT count(*) FROM {name} WHERE x > 5")
    top = one(f"SELECT max(x) FROM {name}")
    seen[name] = (nan, large, str(top))
    print(f"DuckDB, {name}: isnan {nan}, > 5 {large}, max {top}")
assert seen["'with.parquet'"] == (0, 0, "3.0"), seen
assert {seen[name] for name in seen if name != "'with.parquet'"} == {(1, 1, "nan")}, seen

expression = ~(pc.field("x") <= 5)
counts = [
    ds.dataset(f"{name}.parquet").to_table(filter=expression).num_rows
    for name in ("with", "without")
]
counts.append(pq.read_table("with.parquet").filter(expression).num_rows)
print("pyarrow, ~(x <= 5): dataset, dataset without statistics, table:", *counts)
assert counts == [0, 1, 1], counts
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
