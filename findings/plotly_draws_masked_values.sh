#!/usr/bin/env bash
# plotly: the values behind the mask of a numpy masked array are drawn.
#
# plotly 7.1.0, numpy 2.4.6, Python 3.11.
# numpy.ma marks values as missing; one would expect a gap, as for NaN, for pandas' missing values and for
# the list that array.tolist() makes (null in the figure's JSON). Seen: the data under the mask are sent,
# and a curve runs through readings that were declared bad. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/try.py" <<'PYTHON'
import base64
import json

import numpy as np
import plotly
import plotly.graph_objects as go


def sent(values) -> list:
    found = json.loads(go.Figure(go.Scatter(y=values)).to_json())["data"][0]["y"]
    if isinstance(found, dict):
        return np.frombuffer(base64.b64decode(found["bdata"]), found["dtype"]).tolist()
    return found


masked = np.ma.array([1.0, 999.0, 3.0], mask=[False, True, False])
print(f"plotly {plotly.__version__}: masked array {sent(masked)}, list {sent(masked.tolist())}")
assert sent(masked.tolist()) == [1.0, None, 3.0]
assert sent(masked) == [1.0, 999.0, 3.0], sent(masked)
print("as described")
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check plotly==7.1.0 numpy==2.4.6
"$folder/venv/bin/python" "$folder/try.py"
