#!/usr/bin/env bash
# Awkward Array: the line that is fitted to numbers over the time of day is noise, with the wrong sign.
#
# awkward 2.14.0, scipy 1.17.1, numpy 2.4.6, Python 3.11.
# ak.linear_fit(x, y) fits a line; a slope does not depend on where x begins. One would expect what
# scipy.stats.linregress has. Seen: sums of squares are subtracted as they are. Of five points on the line
# with the slope 2 it is 2 for x = 0 to 4 and 2.0 around 10,000,000 (steps); with seconds since 1970, 1.7
# thousand million, as all logs have them, -0.012, with an intercept of 21 million and an error of NaN. Of
# 1,000 points with noise, one a second, it is wrong as well, and its error is NaN or 0 while linregress
# has 2.00. ak.covar and ak.corr take the mean off first and are right. Nothing is said; the documentation
# does not speak of its range. x - x[0] helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  awkward==2.14.0 scipy==1.17.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import awkward as ak
import numpy as np
from scipy.stats import linregress

noise = np.random.default_rng(1).normal(size=1000)


def fitted(start: float, points: int) -> tuple[float, float, float]:
    x = start + np.arange(points)
    y = 2.0 * np.arange(points) + 1 + (noise if points == 1000 else 0)
    found = ak.linear_fit(ak.Array(x), ak.Array(y))
    print(f"from {start:,.0f}, {points} points: Awkward {found.slope:.4g} (error {found.slope_error:.3g}), "
          f"scipy {linregress(x, y).slope:.4g}, corr {ak.corr(ak.Array(x), ak.Array(y)):.6f}")
    return float(found.slope), float(found.slope_error), float(linregress(x, y).slope)


for points in (5, 1000):
    for start in (0, 1e7):
        slope, error, right = fitted(start, points)
        assert abs(right - 2) < 0.001 and abs(slope - right) < 0.0001
slope, error, right = fitted(1.7e9, 5)
assert abs(right - 2) < 1e-6 and abs(slope) < 0.1 and np.isnan(error)
slope, error, right = fitted(1.7e9, 1000)
assert abs(right - 2) < 0.001 and error < 0.0002 and abs(slope - right) > 20 * error
slope, error, right = fitted(1.7e12, 1000)
assert abs(right - 2) < 0.001 and not abs(slope - right) < 1
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
