#!/usr/bin/env bash
# numpy and ml_dtypes: the median of bfloat16 or float8 weights with one NaN is an ordinary number, and it
# is a wrong one.
#
# numpy 2.4.6, ml-dtypes 0.6.0, Python 3.11.
# numpy sorts NaN to the end, for float16 too, so that median, percentile and unique can see it there. One
# would expect the same of the small types, whose own NaN is recognised by isnan, max and mean.
# Seen: np.sort of [5, NaN, 1, 4, 2, 3] is [5, NaN, 1, 2, 3, 4], in two pieces, and not sorted even without
# the NaN; np.median is 1.5 and np.quantile(0.5) is 1.5, where float16 has NaN (and 3 without the NaN), and
# the two largest of np.sort are 3 and 4, not 5. np.max and np.mean are NaN. Sort and median say nothing. A report of
# quartiles of a diverging layer read from a checkpoint looks healthy. astype(np.float32) before helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 ml-dtypes==0.6.0

cat >"$folder/try.py" <<'PYTHON'
import warnings

import ml_dtypes
import numpy as np

warnings.simplefilter("error")
values = [5, np.nan, 1, 4, 2, 3]
said = {}
for kind in (np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn):
    array = np.array(values, kind)
    with warnings.catch_warnings(action="ignore"):
        assert np.isnan(array).sum() == 1 and np.isnan(np.max(array)) and np.isnan(np.mean(array))
    found = np.sort(array).tolist(), float(np.median(array)), float(np.quantile(array, 0.5))
    said[kind.__name__] = str(found)
    print(f"{kind.__name__}: sort, median, quantile {found}")
assert said["float16"] == "([1.0, 2.0, 3.0, 4.0, 5.0, nan], nan, nan)"
assert said["bfloat16"] == "([5.0, nan, 1.0, 2.0, 3.0, 4.0], 1.5, 1.5)"
assert said["float8_e4m3fn"] == said["bfloat16"]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
