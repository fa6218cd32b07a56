#!/usr/bin/env bash
# DuckDB: approx_quantile, and the quartiles of SUMMARIZE, leave infinite values and NaN out; the exact
# quantiles count them.
#
# duckdb 2.0.1, one thread and four.
# One would expect an approximation to be near what it approximates. Of a thousand losses from 0 to 0.999
# and 600 that overflowed, quantile_cont and median say 0.7995 for a half and infinity for 0.9, as numpy
# does; NaN counts as the largest value, too, as the documentation has it for orders.
# Seen: approx_quantile says 0.4995 and 0.8995, of infinity as of NaN, and NULL where nothing else is
# there; SUMMARIZE prints those as q50 and q75 in the row in which max is inf and count is 1600. More than
# a third of the runs have diverged, and the summary's 75 % line is that of the others.
# reservoir_quantile, with a sample larger than the table, counts infinity; with NaN its quantiles do not
# even rise: 0.25 is NaN, 0.5 is 0.199 and 0.9 is 0.839.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1

cat >"$folder/try.py" <<'PYTHON'
import math

import duckdb


def near(one: float | None, other: float | None) -> bool:
    if one is None or other is None or not math.isfinite(other):
        return one == other or (isinstance(one, float) and isinstance(other, float) and one != one)
    return abs(one - other) < 0.002


for threads in (1, 4):
    for odd in ("inf", "nan"):
        base = duckdb.connect(config={"threads": threads})
        base.sql(
            f"CREATE TABLE run AS SELECT CASE WHEN i < 1000 THEN i / 1000.0::DOUBLE"
            f" ELSE '{odd}'::DOUBLE END AS loss FROM range(1600) numbers(i)"
        )

        def ask(what: str) -> tuple:
            return base.sql(f"SELECT {what} FROM run").fetchall()[0]

        exact = ask("quantile_cont(loss, 0.5), quantile_cont(loss, 0.9)")
        rough = ask("approx_quantile(loss, 0.5), approx_quantile(loss, 0.9)")
        told = base.sql("SELECT q50, q75, max, count FROM (SUMMARIZE run)").fetchall()[0]
        print(f"{odd}, {threads} threads: exact {exact}, approximate {rough}, SUMMARIZE {told}")
        assert near(exact[0], 0.7995) and near(exact[1], float(odd)), exact
        assert near(rough[0], 0.4995) and near(rough[1], 0.8995), rough
        assert near(float(told[0]), 0.4995) and near(float(told[1]), 0.7495), told
        assert told[2:] == (odd, 1600), told
        if threads == 1:
            drawn = ask(", ".join(f"reservoir_quantile(loss, {q}, 5000)" for q in (0.25, 0.5, 0.9)))
            print("reservoir_quantile:", drawn)
            if odd == "inf":
                assert drawn == (0.399, 0.799, math.inf), drawn
            else:
                assert math.isnan(drawn[0]) and 0 < drawn[1] < 0.5 and drawn[2] < 0.9, drawn
        base.sql("DELETE FROM run WHERE isfinite(loss)")
        assert ask("approx_quantile(loss, 0.5)") == (None,)
        assert near(ask("median(loss)")[0], float(odd))
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
