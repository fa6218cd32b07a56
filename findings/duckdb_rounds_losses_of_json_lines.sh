#!/usr/bin/env bash
# DuckDB: a loss that begins with whole numbers is rounded to whole numbers, and a metric that is first
# logged late is not there, when a log of JSON lines is read.
#
# duckdb 2.0.1, pyarrow 26.0.1, polars 2.1.0, Python 3.11.
# Logs of a training are one JSON object a line. One would expect the numbers that stand there, or an
# error where a type does not fit, as polars has one. Seen: the types are those of a sample at the start
# (20,480 rows); a loss that is 1 there and 0.5, 1.5 later is a BIGINT, whose later values are 0 and 2
# (halves go to the even number), and a key that is first met after the sample is no column. The same rows
# as CSV, by the same database, are 1 and 2 (halves go up). sample_size is documented, and that values of
# another type are rounded is not; sample_size=-1 helps. polars leaves the late key out without a word,
# too, after 100 rows. pyarrow has both right. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0

cat >"$folder/try.py" <<'PYTHON'
import json
import sys
from pathlib import Path

import duckdb
import polars
import pyarrow.json

log, table, other = (str(Path(sys.argv[1]) / name) for name in ("log.jsonl", "log.csv", "other.jsonl"))
rows = [{"step": i, "loss": 1 if i < 30_000 else (0.5, 1.5)[i % 2]} for i in range(60_000)]
Path(table).write_text("step,loss\n" + "".join(f"{r['step']},{r['loss']}\n" for r in rows))
for row in rows[40_000:]:
    row["accuracy"] = 0.7
Path(log).write_text("".join(json.dumps(row) + "\n" for row in rows))
wanted = sum(row["loss"] for row in rows)


def read(source: str) -> tuple:
    found = duckdb.sql(f"from {source}")
    return found.columns, found.aggregate("min(loss), max(loss), sum(loss)").fetchall()[0]


print("DuckDB, JSON:", read(f"read_json('{log}')"))
print("DuckDB, CSV:", read(f"read_csv('{table}')"))
print("DuckDB, JSON, all sampled:", read(f"read_json('{log}', sample_size=-1)"))
found = pyarrow.json.read_json(log)
print("pyarrow:", found.column_names, sum(found["loss"].to_pylist()), "wanted", wanted)
assert read(f"'{log}'") == read(f"read_json('{log}')") == (["step", "loss"], (0, 2, 60_000))
assert read(f"read_csv('{table}')") == (["step", "loss"], (1, 2, 75_000))
assert read(f"read_json('{log}', sample_size=-1)") == (["step", "loss", "accuracy"], (0.5, 1.5, wanted))
assert sum(found["loss"].to_pylist()) == wanted == 60_000
assert "accuracy" in found.column_names

try:
    polars.read_ndjson(log)
    raise AssertionError("polars took the halves")
except polars.exceptions.ComputeError as error:
    print("polars:", str(error)[:60])
for row in rows:
    row["loss"] = float(row["loss"])
Path(other).write_text("".join(json.dumps(row) + "\n" for row in rows))
print("polars, without whole numbers:", polars.read_ndjson(other).columns)
assert polars.read_ndjson(other).columns == ["step", "loss"]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
