#!/usr/bin/env bash
# DuckDB: the median of 0.1 and 0.2 is 0.1; of numbers with a point, as one writes them, it has no more
# digits than they have.
#
# duckdb 2.0.1, Python 3.11.
# A number with a point in SQL is a DECIMAL with the digits that it is written with, and numeric columns
# of PostgreSQL are DECIMAL, too. quantile_cont interpolates; one would expect 0.15, as avg() has it,
# which is a DOUBLE for this very reason. Seen: median() and quantile_cont() of a DECIMAL are of its type,
# and what lies between two of its numbers is cut towards zero: of 0.1 and 0.2 the median is 0.1, of -0.1
# and -0.2 it is -0.1; the upper quartile of 0, 1, 2 as DECIMAL(3, 0) is 1 instead of 1.5. So the median
# of an even number of accuracies with two digits may be off by half a digit, always to the same side. Of
# INTEGER both are DOUBLE, and right, as is median(CAST(x AS DOUBLE)). Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile duckdb==2.0.1

cat >"$folder/try.py" <<'PYTHON'
import duckdb


def ask(what: str, values: str) -> float:
    found = duckdb.sql(f"SELECT {what}, typeof({what}) FROM (VALUES {values}) AS t(x)").fetchall()[0]
    print(f"{what} of {values}: {found[0]} ({found[1]})")
    return float(found[0])


for values, cut, right in (("(0.1), (0.2)", 0.1, 0.15), ("(-0.1), (-0.2)", -0.1, -0.15)):
    assert ask("avg(x)", values) == round(right, 2)
    for what in ("median(x)", "quantile_cont(x, 0.5)"):
        assert ask(what, values) == cut
    assert abs(ask("median(CAST(x AS DOUBLE))", values) - right) < 1e-12
quartile = "quantile_cont(CAST(x AS {}), 0.75)"
assert ask(quartile.format("DECIMAL(3, 0)"), "(0), (1), (2)") == 1
assert ask(quartile.format("INTEGER"), "(0), (1), (2)") == 1.5
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
