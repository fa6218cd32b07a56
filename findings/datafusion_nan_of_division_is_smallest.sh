#!/usr/bin/env bash
# DataFusion, Lance: NaN that comes out of 0/0 is less than all numbers, NaN that is written down is more
# than all; the two are not equal.
#
# datafusion 55.0.0, pylance 14.0.2, duckdb 2.0.1, pyarrow 26.0.1, numpy 2.4.6, Python 3.11, on x86-64.
# A loss that has diverged is NaN, from wherever. One would expect one kind of it in a query. Seen: a NaN has
# a sign, and the processor sets it in what it makes (0/0, Infinity - Infinity, the root of -1), while
# numpy.nan and float("nan") do not have it; DataFusion compares the bits. Of the losses 3, NaN, 1, 2 with
# numpy.nan the maximum is NaN, the median 2.5 and WHERE loss > 2.5 has the NaN, too; with 0/0 the maximum is
# 3, the minimum NaN, the median 1.5, and the best run, ORDER BY loss LIMIT 1, is the diverged one. loss =
# 'NaN' finds the one and not the other, and GROUP BY makes two groups of NaN. A filter of Lance is the same.
# DuckDB takes all NaN for one, the largest. isnan() finds both. Nothing is said. That NaN is more than all
# numbers is an old issue of DataFusion (17557); that its sign decides is not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  datafusion==55.0.0 pylance==14.0.2 duckdb==2.0.1 pyarrow==26.0.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math
import sys

import datafusion
import duckdb
import lance
import numpy as np
import pyarrow as pa

with np.errstate(invalid="ignore"):
    made = (np.zeros(1) / np.zeros(1))[0]
assert [np.signbit(nan) for nan in (made, np.nan)] == [True, False]
ABOVE, BELOW = "loss > 2.5", "loss < 1.5"
IS_NAN, IS_EQUAL = "isnan(loss)", "loss = CAST('NaN' AS DOUBLE)"


def asked(name: str, nan: float) -> dict:
    losses = pa.table({"run": [0, 1, 2, 3], "loss": [3.0, nan, 1.0, 2.0]})
    context = datafusion.SessionContext()
    context.register_record_batches("t", [losses.to_batches()])
    stored = lance.write_dataset(losses, f"{sys.argv[1]}/{name}.lance")

    def ask(what: str) -> list:
        return [list(row.values()) for row in context.sql(f"SELECT {what}").to_pylist()]

    found = {"least, largest, median": ask("min(loss), max(loss), median(loss) FROM t")[0]}
    found["best"] = ask("run FROM t ORDER BY loss LIMIT 1")[0][0]
    for where in (ABOVE, BELOW, IS_EQUAL, IS_NAN):
        runs = [row[0] for row in ask(f"run FROM t WHERE {where} ORDER BY run")]
        assert runs == sorted(stored.to_table(filter=where)["run"].to_pylist())
        found[where] = runs
    print(f"{name}: {found}")
    told = duckdb.sql("SELECT min(loss), max(loss), median(loss) FROM losses").fetchall()[0]
    assert (told[0], told[2]) == (1, 2.5)
    assert math.isnan(told[1])
    return found


written, divided = asked("written", math.nan), asked("divided", made)
assert written["least, largest, median"][::2] == [1, 2.5]
assert math.isnan(written["least, largest, median"][1])
assert divided["least, largest, median"][1:] == [3, 1.5]
assert math.isnan(divided["least, largest, median"][0])
assert (written["best"], divided["best"]) == (2, 1)
assert (written[ABOVE], divided[ABOVE]) == ([0, 1], [0])
assert (written[BELOW], divided[BELOW]) == ([2], [1, 2])
assert (written[IS_EQUAL], divided[IS_EQUAL]) == ([1], [])
assert written[IS_NAN] == divided[IS_NAN] == [1]

both = datafusion.SessionContext()
both.register_record_batches("t", [pa.table({"loss": [math.nan, made]}).to_batches()])
groups = both.sql("SELECT loss, count(*) AS n FROM t GROUP BY loss").to_pylist()
print("both, in groups:", groups)
assert [group["n"] for group in groups] == [1, 1]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
