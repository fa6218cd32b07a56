#!/usr/bin/env bash
# scikit-learn: R squared of predictions in float16 is 1.0 where the numbers are small; the error is 0.
#
# scikit-learn 1.9.1, numpy 2.4.6, Python 3.11.
# Predictions of a network in half precision go to r2_score as they are. R squared does not depend on the
# unit; one would expect what float32 gives. Seen: errors are squared in float16, where 0.0001 squared is
# 0. Of targets with a deviation of 0.0001 (a rate, a length in kilometres) and predictions with an R
# squared of 0.90, r2_score is 1.0; of noise, for which it is -1.1, it is -2.5; for both
# explained_variance_score is 1.0 and mean_squared_error 0.0. Nothing is said (errors above 256 give Inf,
# with a warning). It is right in float32, and if one of the two is. The documentation does not speak of
# the precision.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import numpy as np
from sklearn.metrics import explained_variance_score, mean_squared_error, r2_score

warnings.simplefilter("error")
random = np.random.default_rng(0)
targets = random.normal(0, 1e-4, 1000)
cases = {"good": targets + random.normal(0, 3e-5, 1000), "noise": random.normal(0, 1e-4, 1000)}
scores = r2_score, explained_variance_score, mean_squared_error
seen = {
    (name, kind): [
        float(score(targets.astype(kind), predicted.astype(kind))) for score in scores
    ]
    for name, predicted in cases.items()
    for kind in ("float32", "float16")
}
for (name, kind), found in seen.items():
    print(f"{name}, {kind}: R squared {found[0]:.3f}, explained {found[1]:.3f}, error {found[2]:.2e}")
assert abs(seen["good", "float32"][0] - 0.90) < 0.01
assert abs(seen["noise", "float32"][0] + 1.0) < 0.15
assert seen["good", "float16"] == [1.0, 1.0, 0.0]
assert seen["noise", "float16"][0] < -2
assert seen["noise", "float16"][1:] == [1.0, 0.0]
mixed = r2_score(targets.astype("float32"), cases["noise"].astype("float16"))
print(f"noise, targets in float32: R squared {mixed:.3f}")
assert abs(mixed - seen["noise", "float32"][0]) < 0.01
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
