#!/usr/bin/env bash
# Trackio: a step that is an integer of numpy is stored as bytes, and the point is at no step.
#
# trackio 0.43.0, numpy 2.4.6, Python 3.11.
# A step that comes out of numpy (an arange, an argmax, a shape product) is of the type numpy.int64. One
# would expect the step 100, as of a Python integer, since numpy's numbers are taken as values.
# Seen: in the column of integers of its SQLite file stands a BLOB of eight bytes; Trackio's own readers
# hand out b'd\x00\x00\x00\x00\x00\x00\x00' as the step, `trackio get metric` prints that. Log calls without
# a step count on from it, so one such step is enough and all later ones are bytes too. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check trackio==0.43.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import numpy as np

warnings.simplefilter("ignore")
import trackio

with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    trackio.init(project="p", name="r")
    trackio.log({"loss": 3.0}, step=7)
    trackio.log({"loss": np.float32(2.0)}, step=np.int64(100))
    trackio.log({"loss": 1.0})
    trackio.finish()
from trackio.sqlite_storage import SQLiteStorage

found = {row["loss"]: row["step"] for row in SQLiteStorage.get_logs("p", "r")}
print("loss and step:", found)
assert not [one for one in told if "step" in str(one.message)], [str(one.message) for one in told]
assert found == {3.0: 7, 2.0: b"d" + bytes(7), 1.0: b"e" + bytes(7)}, found
print("as described")
PYTHON
TRACKIO_DIR="$folder/store" "$folder/venv/bin/python" "$folder/try.py" 2>/dev/null | tail -2
