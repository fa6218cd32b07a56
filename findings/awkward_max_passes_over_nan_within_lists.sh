#!/usr/bin/env bash
# Awkward Array: the maximum of each list passes over NaN, the maximum of all does not; argmax() of a list
# with NaN points at something else than its maximum.
#
# awkward 2.14.0, numpy 2.4.6, Python 3.11, on the CPU.
# ak.max is used like numpy.max, on lists of any length (losses of runs, of images with so many boxes).
# There is ak.nanmax, "equivalent to setting NaN to None", so one would expect NaN of ak.max where there
# is one. Seen: with axis=None it is so; with axis=-1 ak.max of [1, NaN, 3] is 3 and ak.min 1, as of
# ak.nanmax, while ak.sum and ak.mean of the list are NaN. ak.argmax with axis=-1 is 2 there, the place of
# 3, but of [NaN, 1, 3] it is 0, the place of the NaN, though ak.max is 3; ak.argmin likewise. So the best
# step and the best value of a run do not belong together. Nothing is said; the documentation does not
# speak of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile awkward==2.14.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings
from math import isnan, nan

import awkward as ak
import numpy as np

warnings.simplefilter("error")
runs = ak.Array([[1, nan, 3], [nan, 1, 3], [nan, 3, 1, 2], [4, 5, nan]])
seen = {
    name: getattr(ak, name)(runs, axis=-1).to_list()
    for name in ("max", "nanmax", "min", "argmax", "argmin", "sum", "mean")
}
for name, values in seen.items():
    print(f"{name} of each: {values}")
whole = ak.max(runs, axis=None), ak.min(runs, axis=None), ak.nanmax(runs, axis=None)
print("max, min, nanmax of all:", whole)
assert seen["max"] == seen["nanmax"] == [3, 3, 3, 5]
assert seen["min"] == [1, 1, 1, 4]
assert all(map(isnan, seen["sum"] + seen["mean"] + list(whole[:2])))
assert whole[2] == 5
assert seen["argmax"] == [2, 0, 0, 1]
assert seen["argmin"] == [0, 0, 0, 0]
best = [runs[i, place] for i, place in enumerate(seen["argmax"])]
print("at argmax:", best)
assert np.array_equal(best, [3, nan, nan, 5], equal_nan=True)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
