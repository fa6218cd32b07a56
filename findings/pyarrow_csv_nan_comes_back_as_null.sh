#!/usr/bin/env bash
# pyarrow: NaN that it writes into a CSV file it reads back as null, and the mean of a diverged loss is a
# number; polars reads the same column as text.
#
# pyarrow 26.0.1, polars 2.1.0, duckdb 2.0.1, Python 3.11.
# pyarrow.csv.write_csv writes null as an empty cell and NaN as nan; one would expect both back from
# read_csv, as Parquet and Feather give them. Seen: "nan" and "NaN" are among the default null_values, so
# that of [1, NaN, 0.5, null] both come back as null and the mean is 0.75 instead of NaN. Inf stays Inf.
# Even with column_types float64 it is so; null_values=[""] helps. The documentation says of null_values
# "defaults are appropriate in most cases" and does not list them. duckdb reads NaN; polars takes "NaN"
# for a number and pyarrow's "nan" not: the whole column is text ("1", "nan", "0.5"), where one is among
# the first 100 rows. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1

cat >"$folder/try.py" <<'PYTHON'
import math
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

path = f"{sys.argv[1]}/log.csv"
written = pa.table({"step": [0, 1, 2, 3], "loss": [1.0, math.nan, 0.5, None]})
pyarrow.csv.write_csv(written, path)
print(open(path).read())


def read(**options) -> pa.ChunkedArray:
    convert = pyarrow.csv.ConvertOptions(**options)
    return pyarrow.csv.read_csv(path, convert_options=convert)["loss"]


mean = {"written": written["loss"], "read": read(), "typed": read(column_types={"loss": "double"})}
for name, column in mean.items():
    mean[name] = pyarrow.compute.mean(column).as_py()
    print(f"pyarrow, {name}: {column.to_pylist()}, mean {mean[name]}, {column.null_count} nulls")
assert math.isnan(mean["written"])
assert mean["read"] == mean["typed"] == 0.75 and read().null_count == 2
helped = read(null_values=[""]).to_pylist()
assert math.isnan(helped[1]) and helped[3] is None
rows = [row[0] for row in duckdb.sql(f"SELECT loss FROM '{path}' ORDER BY step").fetchall()]
print("duckdb:", rows)
assert math.isnan(rows[1]) and rows[3] is None
texts = polars.read_csv(path)["loss"]
print("polars:", texts.to_list())
assert texts.to_list() == ["1", "nan", "0.5", None]
text = open(path).read()
assert polars.read_csv(text.replace("nan", "NaN").encode())["loss"].dtype == polars.Float64
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
