#!/usr/bin/env bash
# orjson: a whole number of 65 bits is read as a float, and another number is written back; each other
# library has all its digits, or says that it cannot.
#
# orjson 3.13.0, msgspec 0.23.0, ujson 6.1.0, python-rapidjson 1.25, pysimdjson 7.0.2, Python 3.11.
# Whole numbers in JSON have any length: states of random generators (PCG64 has 128 bits), hashes of data,
# sums of identifiers. One would expect the number as json.loads has it, or an error, since orjson.dumps
# refuses whole numbers of more than 64 bits. Seen: orjson.loads gives a float from 2**64 on, and below
# -2**63: 18446744073709551617 is 1.8446744073709552e19, which dumps writes without a word. Two states
# that differ in their last digits are equal, and a generator that is set from one is another generator.
# json, msgspec, ujson and rapidjson have every digit, simdjson raises. Up to 2**64 - 1 all six agree.
# Nothing is said; its documentation tells of 64 bits for dumps, and nothing of loads.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  orjson==3.13.0 msgspec==0.23.0 ujson==6.1.0 python-rapidjson==1.25 pysimdjson==7.0.2

cat >"$folder/try.py" <<'PYTHON'
import json

import msgspec
import orjson
import rapidjson
import simdjson
import ujson

readers = {
    "json": json.loads, "msgspec": msgspec.json.decode, "ujson": ujson.loads,
    "rapidjson": rapidjson.loads, "simdjson": simdjson.loads, "orjson": orjson.loads,
}
for number in (2**63, 2**64 - 1, -(2**63), 2**64, 2**64 + 1, -(2**63) - 1, 2**127 + 12_345):
    inside = -(2**63) <= number < 2**64
    for name, read in readers.items():
        try:
            found = read(str(number))
        except (ValueError, RuntimeError) as error:  # simdjson has either
            assert name == "simdjson" and not inside
            print(f"{name}: {number} is refused ({str(error)[:40]})")
            continue
        if name == "orjson" and not inside:
            print(f"{name}: {number} is {found!r}")
            assert isinstance(found, float) and found == float(number)
            assert orjson.dumps(found) != str(number).encode()
        else:
            assert isinstance(found, int) and found == number, name
assert orjson.loads(str(2**127)) == orjson.loads(str(2**127 + 12_345))
try:
    orjson.dumps(2**64)
    raise AssertionError("orjson wrote 65 bits")
except TypeError as error:
    print("orjson.dumps:", error)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
