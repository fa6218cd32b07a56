#!/usr/bin/env bash
# pandas: once Bottleneck is installed, the standard deviation of a long float32 column is another one,
# and a wrong one.
#
# pandas 3.1.1, bottleneck 1.6.0, numpy 2.4.6, Python 3.11.
# Bottleneck is an optional companion that pandas uses for speed wherever it finds it. One would expect
# the same numbers. Seen: of five million values around 1,000 with a deviation of 1, in float32, std() is
# 21.0 with it, and 1.0 without it; var(), describe() and std() of a table are wrong with it as well,
# mean() and sem() are right. Bottleneck adds up one by one in float32; pandas knows that (it keeps sum
# and mean from it, as a comment in its source says), and lets it have std and var. Nobody imports
# Bottleneck and nothing is said; pandas.set_option("compute.use_bottleneck", False) helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import sys
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("error")
values = np.random.default_rng(0).normal(1000, 1, 5_000_000).astype(np.float32)
column = pd.Series(values)
seen = {
    "numpy's std": values.std(),
    "std": column.std(),
    "var": column.var(),
    "std of a table": column.to_frame("x").std()["x"],
    "describe": column.describe()["std"],
    "mean": column.mean(),
    "sem": column.sem(),
}
print(sys.argv[1], "Bottleneck:", {name: round(float(value), 4) for name, value in seen.items()})
assert abs(seen["numpy's std"] - 1) < 0.01
assert abs(seen["mean"] - 1000) < 0.01
assert abs(seen["sem"] * len(values) ** 0.5 - 1) < 0.01
for name in ("std", "var", "std of a table", "describe"):
    assert (seen[name] > 20) if sys.argv[1] == "with" else (abs(seen[name] - 1) < 0.01), name
PYTHON
"$folder/venv/bin/python" "$folder/try.py" without
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check bottleneck==1.6.0
"$folder/venv/bin/python" "$folder/try.py" with
echo "as described"
