#!/usr/bin/env bash
# ClickHouse: the standard deviation of numbers of which one is NaN or Infinity is 0, as if they were all
# alike.
#
# chdb 4.4.0 (ClickHouse 26.9.2.1), duckdb 2.0.1, numpy 2.4.6, Python 3.11.
# stddevPop, stddevSamp, varPop and varSamp of a loss say how far it varies, or how far seeds are apart. Where
# one value is NaN one would expect NaN, as avg(), covarPop(x, x) and the stable variants (stddevPopStable and
# so on) have it here, and as DuckDB and numpy have it. Seen: of 3, NaN, 1, 2 all four are 0, of Infinity and
# 1 as well, in Float64 and Float32, in GROUP BY and in windows: a variance that is less than 0 by rounding is
# made 0, and so is one that is no number. So a diverged run is the steadiest of all where runs are ordered by
# their deviation, and an alarm at "less than 0.001, it stands still" tells it. The documentation says of the
# four that they are numerically unstable, and nothing of NaN. Nothing is said when they run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  chdb==4.4.0 chdb-core==26.9.0 duckdb==2.0.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math

import chdb
import duckdb
import numpy as np


def ask(query: str) -> list[list[float]]:
    rows = str(chdb.query(query, "TSV")).splitlines()
    return [[float(number) for number in row.split("\t")] for row in rows]


plain = "stddevPop(x), stddevSamp(x), varPop(x), varSamp(x)"
others = "stddevPopStable(x), stddevSampStable(x), varPopStable(x), varSampStable(x), covarPop(x, x)"
for kind in ("Float64", "Float32"):
    for rows in ("(3), (nan), (1), (2)", "(inf), (1)"):
        zero = ask(f"SELECT {plain} FROM values('x {kind}', {rows})")[0]
        unknown = ask(f"SELECT {others} FROM values('x {kind}', {rows})")[0]
        mean = ask(f"SELECT avg(x) FROM values('x {kind}', {rows})")[0][0]
        print(f"{kind} {rows}: {zero}, stable variants and covarPop: {unknown}, mean: {mean}")
        assert zero == [0, 0, 0, 0]
        assert all(map(math.isnan, unknown)) and not math.isfinite(mean)

runs = "values('run Int32, x Float64', (1, 0.5), (1, 0.6), (2, 0.5), (2, nan), (3, 0.5), (3, 0.7))"
steady = [row[0] for row in ask(f"SELECT run FROM {runs} GROUP BY run ORDER BY stddevPop(x)")]
print("steadiest first:", steady)
assert steady == [2, 1, 3]
window = ask(f"SELECT stddevPop(x) OVER (ORDER BY run, x ROWS 1 PRECEDING) FROM {runs} WHERE run = 2")
print("in a window:", window)
assert window[-1] == [0]

told = duckdb.sql("SELECT stddev_pop(x) FROM (VALUES (3.0), ('nan'::DOUBLE), (1), (2)) AS t(x)").fetchall()
print("DuckDB:", told, "numpy:", np.std([3, np.nan, 1, 2]))
assert math.isnan(told[0][0]) and math.isnan(np.std([3, np.nan, 1, 2]))
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
