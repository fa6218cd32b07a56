#!/usr/bin/env bash
# PyIceberg: the filter x = 0.1 does not find 0.1 in a column of float32 if it is the smallest of its file; if
# it is not, it does.
#
# pyiceberg 0.12.0, pyarrow 26.0.1, sqlalchemy 2.1.9, numpy 2.4.6, Python 3.11.
# Metrics and learning rates are float32. PyIceberg brings the number of a filter to the type of the column,
# so one would expect x = 0.1 to find the row that was written as 0.1, as it does of 0.2 in [0.1, 0.2, 0.3].
# Seen: whether a file can have fitting rows is decided by its least and largest value, which are compared
# with the number before it is brought to float32. 0.1 in float32 is 0.100000001, more than 0.1, so where it
# is the smallest of the file x = 0.1 and x <= 0.1 have no rows; 0.7 is 0.69999999, so as the largest it is
# missed by x = 0.7 and x >= 0.7. x != 0.1 leaves the row out, too: it is in neither half. One smaller row in
# the same file, and it is found. delete("x = 0.1") then deletes nothing, with a warning; a scan says nothing.
# The documentation does not speak of it. float(numpy.float32(0.1)) in the filter helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  "pyiceberg[sql-sqlite]==0.12.0" pyarrow==26.0.1 sqlalchemy==2.1.9 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import sys

import numpy as np
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo

catalog = SqlCatalog("local", uri=f"sqlite:///{sys.argv[1]}/catalog.db", warehouse=f"file://{sys.argv[1]}")
catalog.create_namespace("runs")


def stored(name: str, *numbers: float) -> object:
    rows = pa.table({"x": pa.array(numbers, pa.float32())})
    table = catalog.create_table(f"runs.{name}", schema=rows.schema)
    table.append(rows)
    return table


def found(table: object, where: object) -> list[float]:
    numbers = table.scan(row_filter=where).to_arrow()["x"].to_pylist()
    print(where, "->", [round(number, 4) for number in numbers])
    return [round(number, 4) for number in numbers]


rates = stored("rates", 0.1, 0.2, 0.3)
assert found(rates, "x = 0.2") == [0.2]
assert found(rates, "x = 0.1") == found(rates, EqualTo("x", 0.1)) == found(rates, "x <= 0.1") == []
assert found(rates, "x != 0.1") == [0.2, 0.3]
assert found(rates, "x >= 0.1") == [0.1, 0.2, 0.3]
assert found(rates, EqualTo("x", float(np.float32(0.1)))) == [0.1]

scores = stored("scores", 0.5, 0.6, 0.7)
assert found(scores, "x = 0.7") == found(scores, "x >= 0.7") == []
assert found(scores, "x != 0.7") == [0.5, 0.6]

inside = stored("inside", 0.0, 0.1, 0.7, 0.9)
assert found(inside, "x = 0.1") == [0.1]
assert found(inside, "x = 0.7") == [0.7]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
